// Network: what handlers add layers to. One virtual method, add_layer(), is all a backend implements for layers; the
// rest is composed here (src/network/), the same on every backend.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/error.h"
#include "torch2trt/layers.h"
#include "torch2trt/tensor.h"

namespace torch2trt {

// Reshapes and permutations of a tensor that no layer has read yet. Chains of them become one Shuffle layer, or none.
struct View {
  Tensor base;                            // never a view that this could have been composed with
  Dims first;                             // permutation of base's dimensions; empty: none
  std::optional<std::vector<Dim>> shape;  // then this shape; -1: what is left
  Dims second;                            // then this permutation
  SourceLocation location;                // of the operator that asked for it
  bool added = false;
};

// What the network knows of a tensor.
struct TensorInfo {
  std::string name;
  Dims dims;  // -1 where dynamic
  DType dtype = DType::kFloat32;
};

class Network {
 public:
  Network() = default;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  virtual ~Network() = default;

  // --- layers -------------------------------------------------------------------------------------------------
  // Adds a layer and returns its outputs. The layer is named after the current location (module path and operator),
  // uniquely. Throws Error(kBuildFailed) with TensorRT's own text if it refuses the layer.
  std::vector<Tensor> add_all(const Layer& layer);
  // The same for a layer with one output.
  Tensor add(const Layer& layer);

  // An input of the network. Throws Error(kInvalidArgument) for types that no network holds.
  Tensor add_input(const std::string& name, DType dtype, const Dims& dims);
  // `tensor` as something that can be marked as an output and named: itself, or an identity of it where it is an input,
  // a constant, an output already, or was given out here before.
  Tensor as_output(const Tensor& tensor);
  // Marks as_output(tensor) as output `name`.
  Tensor mark_output(const Tensor& tensor, const std::string& name);

  // --- control flow (src/network/control_flow.cpp) ------------------------------------------------------------
  // Every tensor belongs to the scope it was made in: the whole network, a branch of a conditional, the body of a loop.
  // A layer reads tensors of its own scope and of those around; what crosses into a conditional goes through a
  // ConditionalInput, once for each tensor, by itself. Reading a tensor of another scope throws Error(kInternal).
  // Constants belong to no scope: TensorRT takes them anywhere. What is lazy (views, sizes) is made in the scope of
  // what it is made of.
  class Scope {
   public:
    Scope(Network& network, std::int32_t scope) : network_(network), outer_(network.scope_) { network.scope_ = scope; }
    ~Scope() { network_.scope_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Network& network_;
    std::int32_t outer_;
  };
  // A conditional on `condition` (one element), and a branch of it, to be entered: Scope branch(net, begin_branch(c)).
  std::int32_t begin_conditional(const Tensor& condition);
  std::int32_t begin_branch(std::int32_t conditional);
  // `value` as a tensor of the current branch, which a ConditionalOutput can read.
  Tensor as_branch_result(const Tensor& value);
  // A loop, around which its Recurrences, Iterators, the TripLimit of kind kCount and its LoopOutputs are added; they
  // give and read tensors of its scope: Scope body(net, loop).
  std::int32_t begin_loop();
  // Whether layers are added to a branch or loop now.
  bool in_control_flow() const { return scope_ != 0; }
  // What a recurrence is in the next iteration. Throws Error(kUnsupportedOperator) where type or shape would change.
  // Called in the loop.
  void set_next(const Tensor& recurrence, const Tensor& next);

  // --- what this network can do -------------------------------------------------------------------------------
  // Whether the TensorRT behind it has a layer, by the names of layers.h ("Attention"), or a form of one:
  // "Activation.gelu", "Unary.isinf", "Unary.isnan", "Unary.integer" (kAbs and kNeg), "ElementWise.bool" (kEqual),
  // "TopK.integer". What it lacks of these, but for Attention, add() composes of others.
  virtual bool supports(std::string_view layer) const = 0;
  // The integer type of shapes and indices: int64, or int32 before TensorRT 10.
  virtual DType shape_dtype() const { return DType::kInt64; }
  // network_dtype() for this network: where shapes are int32 there is no int64 at all, and int32 stands for it.
  DType held_dtype(DType dtype) const;

  const TensorInfo& info(const Tensor& tensor) const { return tensors_.at(static_cast<std::size_t>(tensor.id())); }
  std::size_t num_layers() const { return num_layers_; }

  // Where the layers added from now on come from. Layers are named "<scope>/<operator>".
  void set_location(SourceLocation location) { location_ = std::move(location); }
  const SourceLocation& location() const { return location_; }

  // --- constants ----------------------------------------------------------------------------------------------
  // The same data and shape gives the same tensor (memoised): a constant used twice is one layer. The layer is added
  // when another layer first reads it, so reshaping, permuting or casting a constant costs no layer.
  Tensor constant(const HostTensor& value);
  // The value of a tensor made by constant(), else nullptr.
  const HostTensor* constant_value(const Tensor& tensor) const;
  // The view a tensor is, added or not; nullptr for other tensors.
  const View* view_of(const Tensor& tensor) const;
  // A constant of one element with `rank` dimensions of size 1.
  Tensor scalar(double value, DType dtype, std::int64_t rank = 0);
  Tensor constant_1d(const std::vector<std::int64_t>& values);  // of shape_dtype()

  // --- elementwise (ranks are made equal; types must already be) -----------------------------------------------
  Tensor cast(const Tensor& x, DType to);
  Tensor elementwise(ElementWiseOperation operation, Tensor a, Tensor b);
  Tensor unary(UnaryOperation operation, const Tensor& x);
  Tensor activation(ActivationType type, const Tensor& x, double alpha = 0, double beta = 0);
  Tensor select(Tensor condition, Tensor then_value, Tensor else_value);
  // Prepends dimensions of size 1 up to `rank`.
  Tensor expand_rank(const Tensor& x, std::int64_t rank);
  // Clamps to bounds that may be absent; integers too.
  Tensor clamp(const Tensor& x, std::optional<double> low, std::optional<double> high);

  // --- shapes ---------------------------------------------------------------------------------------------------
  // At most one -1 in `shape`: what is left. Adds no layer: see View.
  Tensor reshape(const Tensor& x, const std::vector<Dim>& shape);
  Tensor permute(const Tensor& x, const std::vector<std::int64_t>& order);
  Tensor transpose(const Tensor& x, std::int64_t a, std::int64_t b);
  Tensor squeeze(const Tensor& x, const std::vector<std::int64_t>& axes);    // axes of size 1 (or taken to be)
  Tensor unsqueeze(const Tensor& x, const std::vector<std::int64_t>& axes);  // positions in the result
  Tensor flatten(const Tensor& x, std::int64_t start, std::int64_t end);
  // Broadcasts to `shape` (ranks equal or lower; -1 keeps a dimension). No layer where nothing changes.
  Tensor broadcast_to(const Tensor& x, const std::vector<Dim>& shape);
  // The shape a and b broadcast to. Throws Error(kInvalidArgument) where they do not.
  std::vector<Dim> broadcast_shape(const std::vector<Dim>& a, const std::vector<Dim>& b);
  Tensor slice(const Tensor& x, const std::vector<Dim>& start, const std::vector<Dim>& size,
               const std::vector<std::int64_t>& stride, SampleMode mode = SampleMode::kStrictBounds,
               std::optional<Tensor> fill = std::nullopt);
  Tensor concat(const std::vector<Tensor>& tensors, std::int64_t axis);
  Tensor gather(const Tensor& data, const Tensor& indices, std::int64_t axis);

  // --- sizes as values ------------------------------------------------------------------------------------------
  Tensor shape_of(const Tensor& x);                                                // 1-d, memoised
  Tensor dim_tensor(const Dim& dim);                                               // 0-d
  Tensor shape_tensor(const std::vector<Dim>& dims);                               // 1-d
  Dim dim_arithmetic(ElementWiseOperation operation, const Dim& a, const Dim& b);  // number where both are
  // 1-d tensors or plain numbers, whichever a list of sizes needs.
  std::variant<Dims, Tensor> sizes_operand(const std::vector<Dim>& dims);

  // --- reductions and products ------------------------------------------------------------------------------------
  Tensor reduce(ReduceOperation operation, const Tensor& x, const std::vector<std::int64_t>& axes, bool keep_dims);
  Tensor softmax(const Tensor& x, std::int64_t axis);
  Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

 protected:
  // Adds the layer under `layer_name` and returns what its outputs are. Output tensors of layer L are named
  // "<L>_output_0", ... unless the backend's own naming is fixed. Throws Error with TensorRT's text.
  virtual std::vector<TensorInfo> add_layer(const Layer& layer, const std::string& layer_name,
                                            std::int32_t first_id) = 0;
  virtual void add_input_layer(const TensorInfo& info, std::int32_t id) = 0;
  virtual void mark_output_tensor(std::int32_t id, const std::string& name) = 0;
  // The second input of the Recurrence layer that made tensor `recurrence`.
  virtual void set_next_value(std::int32_t recurrence, std::int32_t next) = 0;
  // `tensor` as the current scope may read it.
  Tensor visible(const Tensor& tensor);
  // Makes a tensor that came from elsewhere (the user's own inputs and layers) known under a new id.
  Tensor adopt(TensorInfo info, bool is_input, bool is_output);

  // Whether the layer that is being added stands for one that TensorRT would compute in float32 whatever the precision
  // of the engine: a normalization's statistics.
  bool keeps_float32() const { return keeps_float32_; }

  std::string unique_layer_name(const Layer& layer);
  // "<scope>/<operator>" of a location, "" where it has neither.
  static std::string layer_name_of(const SourceLocation& location);
  // `base`, with a number where it is taken; reserves it.
  std::string unique_name(const std::string& base);
  // Layers the network had before this wrapped it.
  void reserve_layer_name(const std::string& name) { layer_names_.try_emplace(name, 1); }
  // Adds the layer of a constant or view that no layer has read yet; does nothing for other tensors.
  void materialise(const Tensor& tensor);

 private:
  enum class Role : std::uint8_t { kComputed, kInput, kConstant };
  // The outputs of what stands for a layer, or a form of one, that this network lacks; nullopt where it lacks nothing.
  std::optional<std::vector<Tensor>> substitute(const Layer& layer);
  Tensor add_view(View view);
  Tensor reshape_view(const Tensor& x, const std::vector<Dim>& shape);
  Layer shuffle_of(const View& view);

  // A conditional is a scope of its own, around its branches: that of its inputs.
  enum class ScopeKind : std::uint8_t { kNetwork, kConditional, kBranch, kLoop };
  struct ScopeState {
    ScopeKind kind = ScopeKind::kNetwork;
    std::int32_t outer = -1;
    std::map<std::int32_t, Tensor> inputs;  // of a conditional, by the tensor outside
  };
  std::int32_t begin_scope(ScopeKind kind, std::int32_t outer);
  std::int32_t scope_of_outputs(const Layer& layer) const;
  void make_inputs_visible(Layer& layer);
  void refuse_computed_sizes(const Layer& layer) const;
  bool follows_control_flow(const Layer& layer) const;
  // A new tensor of the current scope.
  Tensor add_tensor(TensorInfo info, Role role);

  std::vector<TensorInfo> tensors_;
  std::vector<Role> roles_;
  std::vector<std::int32_t> tensor_scopes_;
  std::vector<bool> of_control_flow_;  // computed from what a loop or conditional gave: no size for TensorRT
  std::vector<ScopeState> scopes_{1};
  std::int32_t scope_ = 0;  // the current one
  std::set<std::int32_t> outputs_;
  std::map<std::string, Tensor, std::less<>> constants_;  // by content key
  struct ConstantState {
    HostTensor value;
    bool added = false;
  };
  std::map<std::int32_t, ConstantState> constant_values_;
  std::map<std::int32_t, View> views_;
  std::map<std::int32_t, Tensor> shapes_;
  std::map<std::string, int, std::less<>> layer_names_;
  SourceLocation location_;
  std::size_t num_layers_ = 0;
  bool keeps_float32_ = false;
};

// Composite operators read as formulas. Operands of different rank broadcast; types must be equal. A number takes the
// tensor's type.
Tensor operator+(const Tensor& a, const Tensor& b);
Tensor operator-(const Tensor& a, const Tensor& b);
Tensor operator*(const Tensor& a, const Tensor& b);
Tensor operator/(const Tensor& a, const Tensor& b);
Tensor operator+(const Tensor& a, double b);
Tensor operator-(const Tensor& a, double b);
Tensor operator-(double a, const Tensor& b);
Tensor operator*(const Tensor& a, double b);
Tensor operator/(const Tensor& a, double b);
Tensor operator/(double a, const Tensor& b);
Tensor operator-(const Tensor& a);

}  // namespace torch2trt
