// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "sql/planner/script.h"

#include <algorithm>

#include "base/printable.h"
#include "base/text.h"
#include "codec/sha256.h"
#include "sql/binder/error_codes.h"
#include "sql/parser/lexer.h"
#include "sql/parser/parser.h"
#include "sql/planner/finalize.h"
#include "sql/planner/properties.h"
#include "sql/planner/query_planner.h"

namespace semel::sql {

namespace {

// Characters of UTF-8 text.
size_t Characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Line and column, both from 1, of a byte offset.
struct Place {
  size_t line = 1, column = 1, line_begin = 0;
};

Place PlaceOf(std::string_view script, size_t offset) {
  Place place;
  offset = std::min(offset, script.size());
  for (size_t i = 0; i < offset; ++i) {
    if (script[i] == '\n') {
      ++place.line;
      place.line_begin = i + 1;
    }
  }
  if (place.line == 1 && script.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    place.line_begin = kByteOrderMark.size();
    offset = std::max(offset, place.line_begin);
  }
  place.column = Characters(script.substr(place.line_begin, offset - place.line_begin)) + 1;
  return place;
}

class ScriptPlanner {
 public:
  ScriptPlanner(const ScriptContext& context, Session& session)
      : session_(session), functions_(*context.functions), planner_(session, functions_) {}

  Status Run(const Statement& s) {
    switch (s.kind) {
      case StatementKind::kSet:
      case StatementKind::kReset:
        return Set(s);
      case StatementKind::kCreateTable:
        return CreateTable(s);
      case StatementKind::kCreateView:
        return CreateView(s);
      case StatementKind::kCreateCatalog:
        return session_.CreateCatalog(s);
      case StatementKind::kCreateDatabase:
        return session_.CreateDatabase(s);
      case StatementKind::kUseCatalog:
        return session_.UseCatalog(s);
      case StatementKind::kUseDatabase:
        return session_.UseDatabase(s);
      case StatementKind::kInsert: {
        SEMEL_ASSIGN_OR_RETURN(plan::PhysicalPtr sink, planner_.PlanInsert(s));
        sinks.push_back(std::move(sink));
        sink_spans.push_back(s.name_span);
        return Status::Ok();
      }
      case StatementKind::kExplain:
        return Explain(s);
      case StatementKind::kDescribe:
        return Describe(s);
      case StatementKind::kShowTables:
        for (const std::string& name : session_.TableNames()) output += name + "\n";
        return Status::Ok();
      case StatementKind::kDropTable:
      case StatementKind::kDropView:
        planner_.ForgetViews();
        return session_.Drop(s);
    }
    return Status::Internal("statement kind");
  }

  std::vector<plan::PhysicalPtr> sinks;
  std::vector<SourceSpan> sink_spans;
  std::string output;

 private:
  // The INSERTs of a script are one job with one set of settings: what would hold for the later ones only is refused.
  Status Set(const Statement& s) {
    plan::Options settings = s.kind == StatementKind::kReset && s.key.empty() ? plan::Options() : session_.settings;
    if (s.kind == StatementKind::kSet) {
      settings[s.key] = s.value;
      session_.setting_places[s.key] = s.span;
    } else {
      settings.erase(s.key);
    }
    if (!sinks.empty() && settings != session_.settings)
      return Status::Invalid(kLateSetting, "a setting changes after an INSERT, which has planned with the old one",
                             "move it in front of the first INSERT: all INSERTs of a script are one job")
          .WithSpan(s.span);
    session_.settings = std::move(settings);
    return Status::Ok();
  }

  Status CreateTable(const Statement& s) {
    if (s.temporary) planner_.ForgetViews();  // it may hide a table that a view reads
    SEMEL_RETURN_IF_ERROR(session_.CreateTable(s));
    return planner_.CheckTable(s);
  }

  Status CreateView(const Statement& s) {
    SEMEL_RETURN_IF_ERROR(planner_.CheckView(s));
    if (s.temporary) planner_.ForgetViews();
    return session_.CreateView(s);
  }

  Status Explain(const Statement& s) {
    plan::PhysicalPtr node;
    if (s.name.empty()) {
      SEMEL_ASSIGN_OR_RETURN(Relation relation, planner_.PlanQuery(*s.query));
      node = relation.node;
    } else {
      SEMEL_ASSIGN_OR_RETURN(node, planner_.PlanInsert(s));
    }
    SEMEL_ASSIGN_OR_RETURN(std::vector<plan::PhysicalPtr> final, FinalizePlan({node}, functions_));
    output += ExplainText(final, s.changelog);
    return Status::Ok();
  }

  Status Describe(const Statement& s) {
    SEMEL_ASSIGN_OR_RETURN(columnar::Schema schema, planner_.DescribeTable(s.name, s.name_span));
    for (const columnar::Field& field : schema.fields)
      output += fmt::format("{} {}\n", field.name, field.type.ToString());
    return Status::Ok();
  }

  Session& session_;
  const functions::Registry& functions_;
  QueryPlanner planner_;
};

// A sink that did not ask for −U leaves them out where a neighbour's wish made them, but a row that a filter let
// through once and stops now is told by its −U alone.
Status CheckRetractions(const std::vector<plan::PhysicalPtr>& sinks, const std::vector<SourceSpan>& spans) {
  for (size_t i = 0; i < sinks.size(); ++i) {
    if (sinks[i]->mode.update_before || !FiltersUpdates(*sinks[i]->inputs[0])) continue;
    return Status::Invalid(kUpdatingIntoAppend,
                           fmt::format("'{}' takes no retractions, which a filter of an updating query needs",
                                       std::get<plan::SinkSpec>(sinks[i]->spec).table->name),
                           "leave out HAVING or the filter above the aggregation, or filter before it")
        .WithSpan(spans[i]);
  }
  return Status::Ok();
}

// The part of a long line around a place: a script may be one line of many thousand characters.
struct Excerpt {
  std::string_view before, after;
  bool is_cut_before = false, is_cut_after = false;
};

Excerpt ExcerptOf(std::string_view before, std::string_view after) {
  constexpr size_t kWhole = 200, kBefore = 60, kAfter = 100;  // bytes
  Excerpt excerpt{before, after};
  if (before.size() + after.size() <= kWhole) return excerpt;
  auto continues = [](char c) { return (c & 0xC0) == 0x80; };
  if (before.size() > kBefore) {
    size_t from = before.size() - kBefore;
    while (from < before.size() && continues(before[from])) ++from;
    excerpt.before = before.substr(from);
    excerpt.is_cut_before = true;
  }
  if (after.size() > kAfter) {
    size_t to = kAfter;
    while (to > 0 && continues(after[to])) --to;
    excerpt.after = after.substr(0, to);
    excerpt.is_cut_after = true;
  }
  return excerpt;
}

}  // namespace

Result<PlannedScript> PlanScript(std::string_view script, const ScriptContext& context) {
  SEMEL_ASSIGN_OR_RETURN(std::vector<Statement> statements, ParseScript(script));
  connectors::ConnectorContext connector_context;
  connector_context.env = context.env;
  connector_context.formats = context.formats;
  Session session(*context.connectors, connector_context, context.offline);
  ScriptPlanner planner(context, session);
  for (const Statement& statement : statements) SEMEL_RETURN_IF_ERROR(planner.Run(statement));
  PlannedScript planned;
  SEMEL_ASSIGN_OR_RETURN(planned.plan.sinks, FinalizePlan(planner.sinks, *context.functions));
  SEMEL_RETURN_IF_ERROR(CheckRetractions(planned.plan.sinks, planner.sink_spans));
  planned.plan.settings = session.settings;
  planned.plan.setting_places = session.setting_places;
  std::vector<std::string> ids;
  for (const plan::PhysicalPtr& sink : planned.plan.sinks) ids.push_back(sink->id);
  std::sort(ids.begin(), ids.end());
  if (auto zone = session.settings.find("table.local-time-zone"); zone != session.settings.end())
    ids.push_back("zone " + zone->second);
  planned.plan.fingerprint = codec::Sha256Hex(Join(ids, "\n"));
  if (auto name = session.settings.find("pipeline.name"); name != session.settings.end())
    planned.plan.pipeline_name = name->second;
  planned.notices = session.notices;
  planned.output = planner.output;
  return planned;
}

std::string RenderError(const Status& status, std::string_view script, std::string_view file) {
  std::string text = fmt::format("error[SEMEL-{:04}]: {}\n", status.code().number, Printable(status.message()));
  const SourceSpan span = status.span();
  if (span.end > 0 && !script.empty()) {
    const Place place = PlaceOf(script, span.begin);
    const size_t line_end = std::min(script.find('\n', place.line_begin), script.size());
    const std::string number = std::to_string(place.line);
    const std::string margin(number.size(), ' ');
    const size_t begin = std::min<size_t>(span.begin, line_end);
    const std::string_view rest = script.substr(begin, line_end - begin);
    const std::string_view marked = script.substr(begin, std::min<size_t>(span.end, line_end) - begin);
    const Excerpt shown = ExcerptOf(script.substr(place.line_begin, begin - place.line_begin),
                                    rest.ends_with('\r') ? rest.substr(0, rest.size() - 1) : rest);
    const std::string before = Printable(shown.before), after = Printable(shown.after);
    const size_t width = std::min(std::max<size_t>(1, Characters(Printable(marked))), Characters(after));
    std::string indent(shown.is_cut_before ? 4 : 0, ' ');  // tabs stay tabs, so that the mark stands below its word
    for (char c : before)
      if ((c & 0xC0) != 0x80) indent += c == '\t' ? '\t' : ' ';
    text += fmt::format("{}--> {}:{}:{}\n{} |\n", margin, Printable(file), place.line, place.column, margin);
    text += fmt::format("{} | {}{}{}{}\n", number, shown.is_cut_before ? "... " : "", before, after,
                        shown.is_cut_after ? " ..." : "");
    text += fmt::format("{} | {}{}\n", margin, indent, std::string(width, '^'));
  }
  if (!status.hint().empty()) text += fmt::format("hint: {}\n", Printable(status.hint()));
  return text;
}

std::string RenderErrorJson(const Status& status, std::string_view script, std::string_view file) {
  std::string text = fmt::format(
      "{{\"code\": \"SEMEL-{:04}\", \"exit_code\": {}, \"message\": \"{}\", \"hint\": \"{}\"", status.code().number,
      static_cast<int>(status.code().exit), EscapeJson(status.message()), EscapeJson(status.hint()));
  if (status.span().end > 0) {
    const Place place = PlaceOf(script, status.span().begin);
    const Place end = PlaceOf(script, status.span().end);
    text += fmt::format(", \"file\": \"{}\", \"line\": {}, \"column\": {}, \"end_line\": {}, \"end_column\": {}",
                        EscapeJson(file), place.line, place.column, end.line, end.column);
  }
  return text + "}\n";
}

}  // namespace semel::sql
