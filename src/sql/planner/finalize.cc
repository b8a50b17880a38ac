// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/finalize.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "codec/sha256.h"
#include "sql/planner/properties.h"
#include "sql/planner/query_planner.h"
#include "sql/planner/readable.h"

namespace semel::sql {

using plan::ExprPtr;
using plan::PhysicalNode;
using plan::PhysicalPtr;

namespace {

std::string Columns(const std::vector<int>& columns) {
  std::string text;
  for (int c : columns) text += fmt::format("{}#{}", text.empty() ? "" : ", ", c);
  return text;
}

std::string Aggregates(const std::vector<plan::AggregateCall>& calls) {
  std::string text;
  for (const plan::AggregateCall& call : calls) {
    text += fmt::format("{}{}({})", text.empty() ? "" : ", ", call.name,
                        call.argument < 0 ? "*" : fmt::format("#{}", call.argument));
    if (call.filter >= 0) text += fmt::format(" FILTER #{}", call.filter);
  }
  return text;
}

std::string Window(const plan::WindowSpec& window) {
  return fmt::format("TUMBLE(#{}, {} ms{})", window.rowtime, window.size_micros / 1000,
                     window.offset_micros == 0 ? "" : fmt::format(", offset {} ms", window.offset_micros / 1000));
}

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      out += fmt::format("\\u{:04x}", c);
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

// Options of a format that say which records are refused, and never what an accepted one means: a pipeline that stopped
// at a broken record goes on from its checkpoint once the record is allowed to be dropped.
bool IsTolerance(std::string_view key) {
  for (std::string_view end : {".ignore-parse-errors", ".fail-on-missing-field"})
    if (key.size() > end.size() && key.substr(key.size() - end.size()) == end) return true;
  return false;
}

struct Describer {
  bool identity;
  const PhysicalNode& node;
  std::string Table(const plan::TablePtr& table) const {
    if (!identity) return table->FullName() + " " + table->connector;
    std::string text = fmt::format("{}.{}.{} {}", JsonText(table->catalog), JsonText(table->database),
                                   JsonText(table->name), JsonText(table->connector));
    for (const auto& [key, value] : table->options) {
      if (IsTolerance(key)) continue;
      const bool decides = key == "topic" || key == "path" || key == "topic-pattern" ||
                           key.find("format") != std::string::npos || key.rfind("json.", 0) == 0 ||
                           key.rfind("fields.", 0) == 0 || key == "number-of-rows";
      if (decides) text += fmt::format(" {}={}", JsonText(key), JsonText(value));
    }
    return text;
  }
  // Names and types without ambiguity, whatever characters the names have.
  static std::string Identity(const columnar::Schema& schema, bool names) {
    std::string text;
    for (const columnar::Field& field : schema.fields)
      text += fmt::format("{} {},", names ? JsonText(field.name) : "", JsonText(field.type.ToString()));
    return text;
  }
  std::string operator()(const plan::ScanSpec& s) const {
    if (!identity) return fmt::format("{} {}", Table(s.table), node.schema->ToString());
    std::string text = fmt::format("{} {}", Table(s.table), Identity(*node.schema, true));
    for (int m : s.metadata) text += " metadata " + JsonText(s.table->metadata[static_cast<size_t>(m)].key);
    return text;
  }
  std::string operator()(const plan::CalcSpec& s) const {
    std::string text;
    for (const ExprPtr& p : s.projections) text += (text.empty() ? "" : ", ") + p->ToString();
    if (identity) text += " as " + Identity(*node.schema, false);
    return s.condition ? fmt::format("[{}] where {}", text, s.condition->ToString()) : fmt::format("[{}]", text);
  }
  std::string operator()(const plan::WatermarkSpec& s) const {
    return fmt::format("#{} as {}", s.rowtime, s.watermark->ToString());
  }
  std::string operator()(const plan::GroupAggregateSpec& s) const {
    return fmt::format("by [{}] {}", Columns(s.keys), Aggregates(s.aggregates));
  }
  std::string operator()(const plan::WindowTableFunctionSpec& s) const { return Window(s.window); }
  std::string operator()(const plan::WindowAggregateSpec& s) const {
    return fmt::format("by [{}] {} {}", Columns(s.keys), Window(s.window), Aggregates(s.aggregates));
  }
  std::string operator()(const plan::OverAggregateSpec& s) const {
    return fmt::format("by [{}] order #{} {} {}", Columns(s.keys), s.rowtime,
                       s.frame == plan::FrameKind::kRangeUnboundedPreceding ? "RANGE" : "ROWS",
                       Aggregates(s.aggregates));
  }
  std::string operator()(const plan::UnionSpec&) const { return "all"; }
  std::string operator()(const plan::ExchangeSpec& s) const {
    return s.keys.empty() ? "to one worker" : fmt::format("hash [{}]", Columns(s.keys));
  }
  std::string operator()(const plan::SinkSpec& s) const { return Table(s.table); }
};

std::string IdOf(const PhysicalNode& node) {
  std::string text = fmt::format("{} {}", node.Name(), SpecIdentity(node));
  for (const PhysicalPtr& input : node.inputs) text += " " + input->id;
  return fmt::format("{}-{}", node.Name(), codec::Sha256Hex(text).substr(0, 12));
}

// Bottom-up: ids, and one node for equal ids.
class Sharing {
 public:
  PhysicalPtr Share(const PhysicalPtr& node) {
    if (auto it = done_.find(node.get()); it != done_.end()) return it->second;
    auto copy = std::make_shared<PhysicalNode>(*node);
    for (PhysicalPtr& input : copy->inputs) input = Share(input);
    copy->id = IdOf(*copy);
    const bool is_sink = std::holds_alternative<plan::SinkSpec>(copy->spec);
    PhysicalPtr result = copy;
    if (is_sink) {
      for (int n = 2; by_id_.count(copy->id) > 0; ++n) copy->id = fmt::format("{}-{}", IdOf(*copy), n);
      by_id_[copy->id] = copy;
    } else {
      result = by_id_.emplace(copy->id, copy).first->second;
    }
    kept_.push_back(node);
    return done_[node.get()] = result;
  }

 private:
  std::map<const PhysicalNode*, PhysicalPtr> done_;
  std::map<std::string, PhysicalPtr> by_id_;
  std::vector<PhysicalPtr> kept_;  // keeps the keys of done_ alive
};

// Column pruning over the DAG: first what each node's consumers read, then new nodes with those columns only.
class Pruning {
 public:
  std::vector<PhysicalPtr> Run(const std::vector<PhysicalPtr>& sinks) {
    for (const PhysicalPtr& sink : sinks) Order(sink);
    for (const PhysicalPtr& sink : sinks) Needed(sink).assign(sink->schema->size(), true);
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) Demand(**it);  // consumers before producers
    std::vector<PhysicalPtr> pruned;
    for (const PhysicalPtr& node : order_) Rewrite(node);
    for (const PhysicalPtr& sink : sinks) pruned.push_back(rewritten_.at(sink.get()).node);
    return pruned;
  }

 private:
  struct Rewritten {
    PhysicalPtr node;
    std::vector<int> place;  // old column → new column, -1: pruned
  };

  void Order(const PhysicalPtr& node) {  // producers first
    if (!seen_.insert(node.get()).second) return;
    for (const PhysicalPtr& input : node->inputs) Order(input);
    order_.push_back(node);
    needed_[node.get()].assign(node->schema->size(), false);
  }

  std::vector<bool>& Needed(const PhysicalPtr& node) { return needed_.at(node.get()); }
  static void Mark(std::vector<bool>& needed, const std::vector<int>& columns) {
    for (int c : columns) needed[static_cast<size_t>(c)] = true;
  }
  static void MarkCalls(std::vector<bool>& needed, const std::vector<plan::AggregateCall>& calls) {
    for (const plan::AggregateCall& call : calls) {
      if (call.argument >= 0) needed[static_cast<size_t>(call.argument)] = true;
      if (call.filter >= 0) needed[static_cast<size_t>(call.filter)] = true;
    }
  }

  void Demand(const PhysicalNode& node) {
    const std::vector<bool> out = needed_.at(&node);
    if (node.inputs.empty()) return;
    std::vector<bool>& in = Needed(node.inputs[0]);
    if (const auto* calc = std::get_if<plan::CalcSpec>(&node.spec)) {
      CollectInputs(calc->condition, in);
      for (size_t i = 0; i < out.size(); ++i)
        if (out[i]) CollectInputs(calc->projections[i], in);
    } else if (const auto* watermark = std::get_if<plan::WatermarkSpec>(&node.spec)) {
      for (size_t i = 0; i < out.size(); ++i) in[i] = in[i] || out[i];
      in[static_cast<size_t>(watermark->rowtime)] = true;
      CollectInputs(watermark->watermark, in);
    } else if (const auto* exchange = std::get_if<plan::ExchangeSpec>(&node.spec)) {
      for (size_t i = 0; i < out.size(); ++i) in[i] = in[i] || out[i];
      Mark(in, exchange->keys);
    } else if (const auto* function = std::get_if<plan::WindowTableFunctionSpec>(&node.spec)) {
      for (size_t i = 0; i < in.size(); ++i) in[i] = in[i] || out[i];
      in[static_cast<size_t>(function->window.rowtime)] = true;
    } else if (const auto* over = std::get_if<plan::OverAggregateSpec>(&node.spec)) {
      for (size_t i = 0; i < in.size(); ++i) in[i] = in[i] || out[i];
      Mark(in, over->keys);
      in[static_cast<size_t>(over->rowtime)] = true;
      MarkCalls(in, over->aggregates);
    } else {
      // Aggregations read exactly their keys, arguments and time; sinks and unions everything.
      for (const PhysicalPtr& input : node.inputs) Needed(input).assign(input->schema->size(), true);
    }
  }

  static std::vector<int> Remap(std::vector<int> columns, const std::vector<int>& place) {
    for (int& c : columns) c = place[static_cast<size_t>(c)];
    return columns;
  }
  static void RemapCalls(std::vector<plan::AggregateCall>& calls, const std::vector<int>& place) {
    for (plan::AggregateCall& call : calls) {
      if (call.argument >= 0) call.argument = place[static_cast<size_t>(call.argument)];
      if (call.filter >= 0) call.filter = place[static_cast<size_t>(call.filter)];
    }
  }
  static ExprPtr RemapExpr(const ExprPtr& expr, const std::vector<int>& place) {
    if (!expr) return expr;
    auto copy = std::make_shared<plan::Expr>(*expr);
    if (copy->kind == plan::ExprKind::kInputRef) copy->input = place[static_cast<size_t>(copy->input)];
    for (ExprPtr& arg : copy->args) arg = RemapExpr(arg, place);
    return copy;
  }

  // The kept columns of the old schema, and where each went.
  static columnar::SchemaPtr Keep(const columnar::Schema& schema, const std::vector<bool>& needed,
                                  std::vector<int>& place) {
    auto kept = std::make_shared<columnar::Schema>();
    place.assign(schema.size(), -1);
    for (size_t i = 0; i < schema.size(); ++i) {
      if (!needed[i]) continue;
      place[i] = static_cast<int>(kept->size());
      kept->fields.push_back(schema[i]);
    }
    return kept;
  }

  void Rewrite(const PhysicalPtr& old) {
    auto node = std::make_shared<PhysicalNode>(*old);
    Rewritten result;
    for (PhysicalPtr& input : node->inputs) input = rewritten_.at(input.get()).node;
    const std::vector<bool>& needed = needed_.at(old.get());
    std::vector<int> in;
    if (!old->inputs.empty()) in = rewritten_.at(old->inputs[0].get()).place;
    if (auto* scan = std::get_if<plan::ScanSpec>(&node->spec)) {
      node->schema = Keep(*old->schema, needed, result.place);
      plan::ScanSpec pruned{scan->table, {}, {}};
      for (size_t i = 0; i < needed.size(); ++i) {
        if (!needed[i]) continue;
        const bool physical = i < scan->columns.size();
        (physical ? pruned.columns : pruned.metadata)
            .push_back(physical ? scan->columns[i] : scan->metadata[i - scan->columns.size()]);
      }
      node->spec = pruned;
    } else if (auto* calc = std::get_if<plan::CalcSpec>(&node->spec)) {
      node->schema = Keep(*old->schema, needed, result.place);
      plan::CalcSpec pruned{RemapExpr(calc->condition, in), {}};
      for (size_t i = 0; i < needed.size(); ++i)
        if (needed[i]) pruned.projections.push_back(RemapExpr(calc->projections[i], in));
      node->spec = pruned;
    } else if (auto* watermark = std::get_if<plan::WatermarkSpec>(&node->spec)) {
      PassThrough(*old, *node, in, result.place);
      watermark->rowtime = in[static_cast<size_t>(watermark->rowtime)];
      watermark->watermark = RemapExpr(watermark->watermark, in);
    } else if (auto* exchange = std::get_if<plan::ExchangeSpec>(&node->spec)) {
      PassThrough(*old, *node, in, result.place);
      exchange->keys = Remap(exchange->keys, in);
    } else if (auto* function = std::get_if<plan::WindowTableFunctionSpec>(&node->spec)) {
      PassThrough(*old, *node, in, result.place);
      function->window.rowtime = in[static_cast<size_t>(function->window.rowtime)];
    } else if (auto* over = std::get_if<plan::OverAggregateSpec>(&node->spec)) {
      PassThrough(*old, *node, in, result.place);
      over->keys = Remap(over->keys, in);
      over->rowtime = in[static_cast<size_t>(over->rowtime)];
      RemapCalls(over->aggregates, in);
    } else {
      for (size_t i = 0; i < old->schema->size(); ++i) result.place.push_back(static_cast<int>(i));
    }
    result.node = IsIdentity(*node) ? node->inputs[0] : node;
    rewritten_[old.get()] = std::move(result);
  }

  // What is left of computed columns that nobody reads.
  static bool IsIdentity(const PhysicalNode& node) {
    const auto* calc = std::get_if<plan::CalcSpec>(&node.spec);
    if (calc == nullptr || calc->condition || calc->projections.size() != node.inputs[0]->schema->size()) return false;
    for (size_t i = 0; i < calc->projections.size(); ++i) {
      const plan::Expr& expr = *calc->projections[i];
      if (expr.kind != plan::ExprKind::kInputRef || expr.input != static_cast<int>(i) ||
          (*node.schema)[i].name != (*node.inputs[0]->schema)[i].name)
        return false;
    }
    return true;
  }

  // A node whose first columns are its input's: those that the input kept stay, further own columns stay all.
  void PassThrough(const PhysicalNode& old, PhysicalNode& node, const std::vector<int>& in, std::vector<int>& place) {
    std::vector<bool> kept(old.schema->size(), true);
    for (size_t i = 0; i < in.size(); ++i) kept[i] = in[i] >= 0;
    node.schema = Keep(*old.schema, kept, place);
  }

  std::set<const PhysicalNode*> seen_;
  std::vector<PhysicalPtr> order_;
  std::map<const PhysicalNode*, std::vector<bool>> needed_;
  std::map<const PhysicalNode*, Rewritten> rewritten_;
};

}  // namespace

std::string DescribeSpec(const PhysicalNode& node) { return std::visit(Describer{false, node}, node.spec); }
std::string SpecIdentity(const PhysicalNode& node) { return std::visit(Describer{true, node}, node.spec); }

Result<std::vector<PhysicalPtr>> FinalizePlan(const std::vector<PhysicalPtr>& sinks,
                                              const functions::Registry& functions) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<PhysicalPtr> folded, FoldConstants(sinks, functions));
  Sharing first;
  std::vector<PhysicalPtr> shared;
  for (const PhysicalPtr& sink : folded) shared.push_back(first.Share(sink));
  Sharing second;
  std::vector<PhysicalPtr> result;
  for (const PhysicalPtr& sink : Pruning().Run(shared)) result.push_back(second.Share(sink));
  return InferProperties(result);
}

namespace {

// " key (a, b)" for people; empty where nothing identifies a row.
std::string Keys(const PhysicalNode& node) {
  if (node.upsert_keys.empty()) return {};
  const std::vector<std::string> labels = ColumnLabels(node);
  std::string names;
  for (int column : node.upsert_keys[0]) names += (names.empty() ? "" : ", ") + labels[static_cast<size_t>(column)];
  return fmt::format(" key ({})", names);
}

std::string KeysJson(const PhysicalNode& node) {
  std::string keys;
  for (const std::vector<int>& key : node.upsert_keys) {
    std::string columns;
    for (int column : key) columns += fmt::format("{}{}", columns.empty() ? "" : ", ", column);
    keys += fmt::format("{}[{}]", keys.empty() ? "" : ", ", columns);
  }
  return keys;
}

}  // namespace

std::string ExplainText(const std::vector<PhysicalPtr>& sinks, bool changelog) {
  std::string text;
  std::set<std::string> printed;
  std::function<void(const PhysicalPtr&, int)> print = [&](const PhysicalPtr& node, int depth) {
    const bool again = !printed.insert(node->id).second;
    text += fmt::format("{}{} {}{}{}\n", std::string(static_cast<size_t>(depth) * 2, ' '), node->Name(),
                        again ? "(shared) " : "", again ? node->id : ReadableSpec(*node),
                        changelog && !again ? " " + node->mode.ToString() + Keys(*node) : "");
    if (again) return;
    for (const PhysicalPtr& input : node->inputs) print(input, depth + 1);
  };
  for (const PhysicalPtr& sink : sinks) print(sink, 0);
  return text;
}

std::string ExplainJson(const std::vector<PhysicalPtr>& sinks) {
  std::string text;
  std::set<std::string> printed;
  std::function<void(const PhysicalPtr&)> print = [&](const PhysicalPtr& node) {
    if (!printed.insert(node->id).second) return;
    std::string inputs, columns;
    for (const PhysicalPtr& input : node->inputs) {
      print(input);
      inputs += (inputs.empty() ? "" : ", ") + JsonText(input->id);
    }
    for (const columnar::Field& field : node->schema->fields)
      columns += fmt::format("{}{{\"name\": {}, \"type\": {}}}", columns.empty() ? "" : ", ", JsonText(field.name),
                             JsonText(field.type.ToString()));
    text += fmt::format(
        "{}  {{\"id\": {}, \"operator\": {}, \"description\": {}, \"inputs\": [{}], \"columns\": [{}], \"changelog\": "
        "{}, \"upsert_keys\": [{}]}}",
        text.empty() ? "" : ",\n", JsonText(node->id), JsonText(node->Name()), JsonText(DescribeSpec(*node)), inputs,
        columns, JsonText(node->mode.ToString()), KeysJson(*node));
  };
  for (const PhysicalPtr& sink : sinks) print(sink);
  return "[\n" + text + "\n]\n";
}

}  // namespace semel::sql
