// Handlers of a program's own: when they are called, with what, and what they may return.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "src/backend/dry/dry_network.h"
#include "src/graph/text.h"
#include "torch2trt/convert.h"

namespace torch2trt {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::string_view kProgram = R"ir(graph g(%x : float32[2,3] "x") parameters(%w : float32[3] parameter "w") {
  %a = demo::scaled(x=%x, by=3.0)
  %b = demo::scaled(x=%w, by=2.0)
  %c = aten::add.Tensor(self=%a, other=%b, alpha=1)
  return (%c)
})ir";

Graph program(std::string_view text = kProgram) {
  Graph graph = parse_text(text);
  for (Parameter& parameter : graph.parameters) parameter.data = host_tensor({1, 2, 3}, {3});
  return graph;
}

Results convert_scaled(Network&, Args& args) { return args.tensor("x") * args.number("by"); }

Results compute_scaled(const Node&, const std::vector<NamedOperand>& operands) {
  const HostTensor x = contiguous_as(*operands.at(0).value.as<HostTensor>(), DType::kFloat32);
  std::vector<float> values;
  for (std::int64_t i = 0; i < x.numel(); ++i)
    values.push_back(static_cast<const float*>(x.data)[i] * static_cast<float>(*operands.at(1).value.as<double>()));
  return host_tensor(values, x.sizes);
}

std::vector<float> values_of(const Operand& operand) {
  const HostTensor tensor = contiguous_as(*operand.as<HostTensor>(), DType::kFloat32);
  const auto* data = static_cast<const float*>(tensor.data);
  return {data, data + tensor.numel()};
}

std::string network_of(const Graph& graph, const UserRegistry& handlers) {
  DryNetwork network;
  ConvertOptions options;
  options.run.network = &network;
  options.run.user_handlers = handlers.bind(&network);
  convert(graph, options);
  return network.to_text();
}

std::vector<Operand> computed(const Graph& graph, const UserRegistry& handlers, const HostTensor& x) {
  RunOptions options;
  options.user_handlers = handlers.bind(nullptr);
  return run(graph, {x}, options);
}

TEST(UserRegistry, ConvertsInTheNetworkAndComputesConstants) {
  UserRegistry handlers;
  handlers.add("demo::scaled", convert_scaled, compute_scaled);
  const std::string text = network_of(program(), handlers);
  EXPECT_THAT(text, HasSubstr("scaled"));
  EXPECT_THAT(text, HasSubstr("operation=Prod"));
  // %b is a constant: one multiplication only.
  EXPECT_EQ(text.find("operation=Prod"), text.rfind("operation=Prod")) << text;
}

TEST(UserRegistry, ComputesEveryNodeInTorchMode) {
  UserRegistry handlers;
  int calls = 0;
  handlers.add("demo::scaled", convert_scaled, [&](const Node& node, const std::vector<NamedOperand>& operands) {
    ++calls;
    EXPECT_EQ(operands.at(0).name, "x");
    EXPECT_EQ(operands.at(1).name, "by");
    return compute_scaled(node, operands);
  });
  const auto outputs = computed(program(), handlers, host_tensor({0, 1, 2, 3, 4, 5}, {2, 3}));
  EXPECT_EQ(values_of(outputs.at(0)), (std::vector<float>{2, 7, 12, 11, 16, 21}));
  EXPECT_EQ(calls, 2);
}

TEST(UserRegistry, WithoutComputePyTorchDoesAsFarAsItKnows) {
  UserRegistry handlers;
  int converted = 0;
  handlers.add("aten::relu", [&](Network& net, Args& args) {
    ++converted;
    return Results(net.activation(ActivationType::kSigmoid, args.tensor("self")));
  });
  const Graph graph = program(R"ir(graph g(%x : float32[2,3] "x") parameters(%w : float32[3] parameter "w") {
  %a = aten::relu(self=%x)
  %b = aten::relu(self=%w)
  %c = aten::add.Tensor(self=%a, other=%b, alpha=1)
  return (%c)
})ir");
  EXPECT_THAT(network_of(graph, handlers), HasSubstr("Sigmoid"));
  EXPECT_EQ(converted, 1);
  const auto outputs = computed(graph, handlers, host_tensor({-1, 0, 1, 2, -2, 3}, {2, 3}));
  EXPECT_EQ(values_of(outputs.at(0)), (std::vector<float>{1, 2, 4, 3, 2, 6}));

  UserRegistry unknown;
  unknown.add("demo::scaled", convert_scaled);
  EXPECT_THAT([&] { network_of(program(), unknown); },
              ThrowsMessage<Error>(HasSubstr("demo::scaled (1x): no input is a tensor of the network, this process has "
                                             "no operator of this name, and the handler computes nothing")));
}

TEST(UserRegistry, AnOverloadComesBeforeTheOperatorAndInPlaceNamesServeToo) {
  const auto constant = [](double value) {
    return [value](Network&, Args& args) {
      args.ignore({"other", "alpha"});
      return Results(args.tensor("self") * value);
    };
  };
  UserRegistry handlers;
  handlers.add("aten::add", constant(5));
  handlers.add("aten::add.Tensor", constant(7));
  handlers.add("aten::relu_", constant(9));
  const std::string text = network_of(program(R"ir(graph g(%x : float32[2,3] "x") {
  %a = aten::add.Tensor(self=%x, other=%x, alpha=1)
  %b = aten::add.Scalar(self=%a, other=1, alpha=1)
  %c = aten::relu(self=%b)
  return (%c)
})ir"),
                                      handlers);
  const std::size_t seven = text.find('7');
  const std::size_t five = text.find('5', seven);
  EXPECT_NE(five, std::string::npos) << text;
  EXPECT_NE(text.find('9', five), std::string::npos) << text;
  EXPECT_EQ(handlers.kinds(), (std::set<std::string>{"aten::add", "aten::relu_"}));
}

TEST(UserRegistry, WrongResultsNameTheHandlerAndTheNode) {
  UserRegistry handlers;
  handlers.add("demo::scaled", [](Network&, Args& args) {
    args.ignore({"by"});
    return Results(std::vector<Operand>{args.tensor("x"), args.tensor("x")});
  });
  try {
    network_of(program(R"ir(graph g(%x : float32[2,3] "x") {
  %a = demo::scaled(x=%x, by=3.0)  # scope "head" source "model.py:3"
  return (%a)
})ir"),
               handlers);
    FAIL() << "converted";
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("the handler for \"demo::scaled\" returned 2 outputs where the node has 1\n  "
                                        "at demo::scaled in module \"head\" (model.py:3)"));
  }
}

TEST(UserRegistry, ResultsMustBeWhatTheProgramHas) {
  const Graph graph = program(R"ir(graph g(%x : float32[2,3] "x") {
  %a : float32[2,3] = aten::relu(self=%x)  # scope "head" source "model.py:3"
  return (%a)
})ir");
  const auto returned = [&](const Operand& operand) {
    UserRegistry handlers;
    const auto give = [operand](const Node&, const std::vector<NamedOperand>&) { return Results(operand); };
    handlers.add(
        "aten::relu",
        [operand](Network&, Args& args) {
          args.ignore({"self"});
          return Results(operand);
        },
        give);
    std::string message;
    try {
      network_of(graph, handlers);
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgument);
      message = error.what();
    }
    std::string computing;
    try {
      computed(graph, handlers, host_tensor({-1, 0, 1, 2, -2, 3}, {2, 3}));
    } catch (const Error& error) {
      computing = error.what();
    }
    EXPECT_EQ(message, computing);
    return message;
  };
  const std::string place = "\n  at aten::relu in module \"head\" (model.py:3)";
  EXPECT_EQ(returned(None{}), "the handler returned, as output 0 of 1, None; a tensor is needed" + place);
  EXPECT_EQ(returned(std::string("x")), "the handler returned, as output 0 of 1, \"x\"; a tensor is needed" + place);
  EXPECT_EQ(returned(host_tensor({1, 2}, {2})),
            "the handler returned, as output 0 of 1, constant float32[2]; the program has float32[2, 3] there" + place);
  EXPECT_EQ(returned(host_tensor({1, 2, 3, 4, 5, 6}, {2, 3})), "");
}

TEST(UserRegistry, WhatAHandlerThrowsNamesTheNode) {
  const Graph graph = program(R"ir(graph g(%x : float32[2,3] "x") {
  %a = demo::scaled(x=%x, by=3.0)  # scope "head" source "model.py:3"
  return (%a)
})ir");
  UserRegistry handlers;
  handlers.add("demo::scaled", [](Network&, Args&) -> Results { throw std::out_of_range("no such operand"); });
  EXPECT_THAT(
      [&] { network_of(graph, handlers); },
      ThrowsMessage<Error>("the handler for \"demo::scaled\" failed: no such operand\n  at demo::scaled in module "
                           "\"head\" (model.py:3)"));
  UserRegistry others;
  others.add("demo::scaled", [](Network&, Args&) -> Results { throw Error(ErrorCategory::kRuntime, "no plugin"); });
  EXPECT_THAT([&] { network_of(graph, others); },
              ThrowsMessage<Error>("no plugin\n  at demo::scaled in module \"head\" (model.py:3)"));
}

TEST(UserRegistry, ArgumentsThatAreNotReadAreNoted) {
  UserRegistry handlers;
  handlers.add("demo::scaled", [](Network&, Args& args) { return Results(args.tensor("x")); }, compute_scaled);
  EXPECT_THAT([&] { network_of(program(), handlers); }, ThrowsMessage<Error>(HasSubstr("\"by\"")));
}

TEST(UserRegistry, WrongRegistrations) {
  UserRegistry handlers;
  handlers.add("demo::scaled", convert_scaled);
  EXPECT_THAT([&] { handlers.add("demo::scaled", convert_scaled); },
              ThrowsMessage<Error>("handler for \"demo::scaled\": there is one already"));
  for (const char* key : {"scaled", "::scaled", "demo::", ""}) {
    EXPECT_THAT([&] { handlers.add(key, convert_scaled); },
                ThrowsMessage<Error>(HasSubstr("it is no operator; a name like \"aten::sum\" is needed")));
  }
  EXPECT_THAT([&] { handlers.add("demo::other", nullptr); },
              ThrowsMessage<Error>(HasSubstr("it converts nothing; give a function that adds layers")));
}

}  // namespace
}  // namespace torch2trt
