// The tensors of a program that writes to them, the memory they share, and the values of the pure graph that stand for
// what they hold. The heart of functionalize.
//
// A tensor object is known by a number. It is the whole of a memory, or a view of other tensors; each memory counts the
// writes to it, each tensor knows the count at which its value was right. A stale view is recomputed from its base when
// it is read. A write through a view is left pending: only when somebody reads the rest of the memory does it become a
// scatter onto the base. So what nobody reads costs nothing, and what cannot be expressed is refused only where it
// matters.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/passes/aliasing.h"
#include "torch2trt/graph.h"

namespace torch2trt {

class SharedMemory {
 public:
  explicit SharedMemory(Graph& graph);

  // Where emitted nodes go; returns where they went before. `depth` counts the blocks around.
  std::vector<Node>* emit_into(std::vector<Node>* nodes, int depth);
  int depth() const { return depth_; }
  // Values of outer blocks have a smaller or equal depth.
  bool is_outside(ValueId id) const { return depth_of(id) <= depth_; }
  // Memory of a block's inputs may be anybody's.
  void add_block_inputs(const std::vector<ValueId>& inputs) { block_inputs_.insert(inputs.begin(), inputs.end()); }

  // The tensor object that a value of the program is; made at the first question.
  int tensor_of(ValueId id);
  const Type& type_of(int tensor) const { return tensors_[static_cast<std::size_t>(tensor)].type; }
  // The values that are the tensor.
  std::vector<ValueId> values_of(int tensor) const;
  // `outputs` are the tensor `tensor` itself.
  void same(const std::vector<ValueId>& outputs, int tensor);
  // Every value that is `tensor` is now `other`: what unsqueeze_ and its kin do.
  void rebind(const Node& node, int tensor, int other);

  // The value that holds what the tensor holds now. May emit nodes. `reader` is for messages; a node without kind
  // stands for the program's outputs. Throws Error(kUnsupportedOperator) where that has no pure form.
  ValueId read(ValueId id, const Node& reader);
  void read_all(Argument& argument, const Node& reader);
  // A value with the right sizes and type, whatever it holds.
  void read_stale(Argument& argument, const Node& reader) const;

  // Throws Error(kUnsupportedOperator) where `node` may not write to the tensor: weights, tensors of outer blocks other
  // than those that share_with_blocks() names.
  void check_writable(const Node& node, int tensor);
  // Memories of this block, or of one around it, that the tensor `id` is a part of and that have a whole.
  std::set<int> whole_memories_of(ValueId id);
  // The tensor that is the whole of a memory.
  int whole_of(int memory_id) { return memory(memory_id).root; }
  // Inner blocks may write to these from here on; the caller takes their contents in and out. Returns what was set.
  std::set<int> share_with_blocks(std::set<int> memories) { return std::exchange(shared_, std::move(memories)); }
  // What the whole of a memory holds now. May emit nodes.
  ValueId content(int memory_id, const Node& reader) { return read_tensor(memory(memory_id).root, reader); }
  // `node` made it hold `value`.
  void set_content(const Node& node, int memory_id, ValueId value) { wrote(node, memory(memory_id).root, value); }
  // `node` made the tensor hold `value`.
  void wrote(const Node& node, int tensor, ValueId value);

  // The outputs of `node`, whose arguments are already read, are views of `sources` (values of the program), or hold
  // them. Returns their tensors.
  std::vector<int> add_views(const Node& node, const std::vector<ValueId>& sources, Aliasing aliasing);
  // A list built in the program: its elements, as values of the program.
  void set_elements(int list, std::vector<Argument> elements);
  // Where the outputs of `node` are elements of such a list, they are the tensors that went in: notes that and returns
  // true.
  bool take_known_elements(const Node& node);
  // The list was changed (append): nobody can say any longer what it holds.
  void forget_elements(int list, const std::vector<int>& may_hold);
  bool is_list(int tensor) const;

  // Outputs of control flow, that may be memory of `others` (tensors) or their own.
  void add_unknown(const std::vector<ValueId>& outputs, const std::vector<int>& others);
  // Whether the tensor may share memory of outside the current block; of unknown memory if `anybody` is set.
  bool shares_outside(int tensor, bool& anybody) const;

  // Refuses `node`.
  [[noreturn]] static void refuse(const Node& node, const std::string& reason);

 private:
  struct Memory {
    enum class Kind { kOwn, kParameter, kAnybody };
    Kind kind = Kind::kOwn;
    std::string what;         // `buffer "x"`, for messages
    int depth = 0;            // of the block that made it
    int root = -1;            // the tensor that is the whole of it
    int version = 0;          // counts the writes
    int content_version = 0;  // as of which the root's value is right
    int pending = -1;         // the view whose value is newer than that
    Node writer;              // the last write, for messages
  };
  // A node that made views, to be repeated on a changed base.
  struct View {
    Node node;                 // reads what its inputs were then
    std::vector<int> tensors;  // one per output
  };
  struct Tensor {
    std::string name;
    Type type;
    std::vector<int> memories;  // one, but for lists of tensors and results of control flow
    std::vector<int> seen;      // the version of each memory as of which `current` is right
    ValueId current;
    std::vector<int> parents;      // what it is a view of, or holds
    std::vector<ValueId> as_read;  // the parents' values in the view's node
    std::shared_ptr<const View> view;
    std::size_t output = 0;  // which output of the view's node
    bool recomputable = true;
    std::vector<Argument> elements;
  };

  Memory& memory(int id) { return memories_[static_cast<std::size_t>(id)]; }
  Tensor& tensor(int id) { return tensors_[static_cast<std::size_t>(id)]; }
  int depth_of(ValueId id) const;
  void measure(const Block& block, int depth);
  int add_memory(Memory memory);
  int add_tensor(Tensor tensor);
  void share(Tensor& tensor, const std::vector<int>& memories);
  bool up_to_date(int id);
  void set_current(int id, ValueId value);
  ValueId read_tensor(int id, const Node& reader);
  std::vector<ValueId> repeat(const View& view, const std::vector<ValueId>& was, const std::vector<ValueId>& is);
  void flush(int memory_id, const Node& reader);
  ValueId old_content(int id, int memory_id);
  void check_shape(ValueId id, const Node& reader) const;
  [[noreturn]] void refuse_stale(int id, const Node& reader);

  Graph& graph_;
  int depth_ = 0;
  std::vector<int> depth_of_;
  std::vector<Node>* nodes_ = nullptr;
  std::vector<Memory> memories_;
  std::vector<Tensor> tensors_;
  std::map<ValueId, int> tensor_of_;
  std::set<ValueId> block_inputs_;
  std::set<int> shared_;              // memories of outer blocks that inner ones may write to
  std::map<ValueId, Node> doubtful_;  // values whose shape may have changed, and by whom
};

// `view` insists on a memory layout that values of the pure graph need not have; there, reshape is the same function.
void prefer_reshape(Node& node);

}  // namespace torch2trt
