#include "src/convert/precision_rules.h"

#include <algorithm>
#include <array>

namespace torch2trt {
namespace {

constexpr std::array kProducts = {
    "aten::_convolution",
    "aten::addmm",
    "aten::addmv",
    "aten::baddbmm",
    "aten::bmm",
    "aten::chain_matmul",
    "aten::conv1d",
    "aten::conv2d",
    "aten::conv3d",
    "aten::conv_transpose1d",
    "aten::conv_transpose2d",
    "aten::conv_transpose3d",
    "aten::convolution",
    "aten::einsum",
    "aten::embedding",  // reads weights: the table is half as large
    "aten::gru",
    "aten::gru_cell",
    "aten::inner",
    "aten::linalg_matmul",
    "aten::linalg_multi_dot",
    "aten::linear",
    "aten::lstm",
    "aten::lstm_cell",
    "aten::matmul",
    "aten::mm",
    "aten::mv",
    "aten::_prelu_kernel",
    "aten::prelu",
    "aten::rnn_relu",
    "aten::rnn_relu_cell",
    "aten::rnn_tanh",
    "aten::rnn_tanh_cell",
    "aten::scaled_dot_product_attention",
    "aten::_scaled_dot_product_cudnn_attention",
    "aten::_scaled_dot_product_efficient_attention",
    "aten::_scaled_dot_product_flash_attention",
    "aten::_scaled_dot_product_flash_attention_for_cpu",
    "aten::_scaled_dot_product_fused_attention_overrideable",
    "aten::tensordot",
};

constexpr std::array kExact = {
    // steep: a rounded operand is a large error of the result, or half overflows
    "aten::acos", "aten::acosh", "aten::arccos", "aten::arccosh", "aten::arcsin", "aten::arcsinh", "aten::asin",
    "aten::asinh", "aten::atan2", "aten::arctan2", "aten::atanh", "aten::arctanh", "aten::cos", "aten::cosh",
    "aten::erfc", "aten::special_erfc", "aten::exp", "aten::exp2", "aten::special_exp2", "aten::expm1",
    "aten::float_power", "aten::special_expm1", "aten::log", "aten::log10", "aten::log1p", "aten::special_log1p",
    "aten::log2", "aten::log_sigmoid", "aten::logaddexp", "aten::logit", "aten::nan_to_num", "aten::pow",
    "aten::reciprocal", "aten::rsqrt", "aten::sin", "aten::sinc", "aten::special_sinc", "aten::sinh", "aten::softplus",
    "aten::square", "aten::tan", "aten::xlogy", "aten::special_xlogy",
    // sums of many terms
    "aten::cumprod", "aten::cumsum", "aten::dot", "aten::_embedding_bag", "aten::_embedding_bag_forward_only",
    "aten::embedding_bag", "aten::index_add", "aten::index_reduce", "aten::linalg_vecdot", "aten::logcumsumexp",
    "aten::logsumexp", "aten::special_logsumexp", "aten::mean", "aten::nanmean", "aten::nansum", "aten::prod",
    "aten::scatter_add", "aten::scatter_reduce", "aten::std", "aten::std_mean", "aten::sum", "aten::var",
    "aten::var_mean", "aten::vdot",
    // normalization and distances
    "aten::cdist", "aten::_cdist_forward", "aten::frobenius_norm", "aten::group_norm", "aten::instance_norm",
    "aten::layer_norm", "aten::linalg_matrix_norm", "aten::linalg_norm", "aten::linalg_vector_norm",
    "aten::log_softmax", "aten::_log_softmax", "aten::special_log_softmax", "aten::native_group_norm",
    "aten::native_layer_norm", "aten::norm", "aten::pdist", "aten::_pdist_forward", "aten::rms_norm", "aten::softmax",
    "aten::_softmax", "aten::special_softmax",
    // positions: 2049 is no half
    "aten::grid_sampler", "aten::grid_sampler_2d", "aten::grid_sampler_3d", "torchvision::nms",
    "torchvision::roi_align",
    // ranks among elements, which PyTorch has of float32 only
    "aten::nanquantile", "aten::quantile",
    // losses
    "aten::binary_cross_entropy", "aten::binary_cross_entropy_with_logits", "aten::cosine_embedding_loss",
    "aten::cross_entropy_loss", "aten::hinge_embedding_loss", "aten::huber_loss", "aten::kl_div", "aten::l1_loss",
    "aten::margin_ranking_loss", "aten::mse_loss", "aten::nll_loss", "aten::nll_loss2d", "aten::nll_loss2d_forward",
    "aten::nll_loss_forward", "aten::nll_loss_nd", "aten::poisson_nll_loss", "aten::smooth_l1_loss",
    "aten::soft_margin_loss", "aten::triplet_margin_loss",
    // grids of integers
    "aten::_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", "aten::fake_quantize_per_channel_affine",
    "aten::fake_quantize_per_channel_affine_cachemask", "aten::fake_quantize_per_tensor_affine",
    "aten::fake_quantize_per_tensor_affine_cachemask"};

// Scale and shift are computed in float64, then rounded.
constexpr std::array kFoldsConstants = {"aten::batch_norm", "aten::native_batch_norm", "aten::_native_batch_norm_legit",
                                        "aten::_native_batch_norm_legit_no_training"};

}  // namespace

const std::map<std::string_view, PrecisionRule>& precision_rules() {
  static const std::map<std::string_view, PrecisionRule> rules = [] {
    std::map<std::string_view, PrecisionRule> made;
    for (const std::string_view kind : kProducts) made.emplace(kind, PrecisionRule::kReduced);
    for (const std::string_view kind : kExact) made.emplace(kind, PrecisionRule::kFloat32);
    for (const std::string_view kind : kFoldsConstants) made.emplace(kind, PrecisionRule::kUntouched);
    return made;
  }();
  return rules;
}

PrecisionRule precision_rule(std::string_view kind) {
  if (quantizes(kind)) return PrecisionRule::kFloat32;
  const auto known = precision_rules().find(kind);
  return known == precision_rules().end() ? PrecisionRule::kWidest : known->second;
}

bool multiplies_positions(std::string_view kind) {
  static constexpr std::array kKinds = {"aten::bmm",    "aten::einsum", "aten::inner",
                                        "aten::matmul", "aten::mm",     "aten::linalg_matmul"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

bool quantizes(std::string_view kind) { return kind.find("quantize") != std::string_view::npos; }

}  // namespace torch2trt
