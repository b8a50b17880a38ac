// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/status_line.h"

#include "base/printable.h"
#include "cli/totals.h"
#include "columnar/value_text.h"

namespace semel::cli {

namespace {

constexpr int64_t kSilentMicros = 5'000'000;  // shorter pauses are nothing to speak of
constexpr size_t kShortestName = 12;          // characters of a split's name, the sign of omission included
constexpr char kOmitted[] = "…";

bool Continues(char c) { return (c & 0xC0) == 0x80; }

size_t Characters(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += Continues(c) ? 0 : 1;
  return n;
}

// The first, or the last, so many characters.
std::string First(const std::string& text, size_t characters) {
  size_t end = 0;
  for (size_t n = 0; end < text.size(); ++end)
    if (!Continues(text[end]) && n++ == characters) break;
  return text.substr(0, end);
}
std::string Last(const std::string& text, size_t characters) {
  size_t begin = text.size();
  for (size_t n = 0; begin > 0 && n < characters;)
    if (!Continues(text[--begin])) ++n;
  return text.substr(begin);
}

// A split without rows holds every window back: the user learns which one, and that it is a matter of a setting.
std::string Watermark(const runtime::DataflowStatus& now, const std::string& split) {
  const bool silent = now.held_silent_micros > kSilentMicros;
  const bool none_yet = now.watermark == checkpoint::kNoWatermark;
  if (now.held_by.empty() || (none_yet && !silent)) return {};
  std::string text = "watermark";
  if (!none_yet) text += " " + columnar::TimestampToString(now.watermark, 3);
  if (silent)
    text += fmt::format(" held by {}, silent for {} s ('table.exec.source.idle-timeout')", split,
                        now.held_silent_micros / 1'000'000);
  return text;
}

std::string Line(const job::Job::JobStatus& now, const job::Job::JobStatus& before, double seconds,
                 const std::string& split) {
  const auto rate = [seconds](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<double>(a - b) / seconds);
  };
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!part.empty()) text += (text.empty() ? "" : " · ") + part;
  };
  if (now.checkpoints.open_commit && now.checkpoints.open_commit->resolving)
    add("RESOLVING " + now.checkpoints.open_commit->sink);
  std::string epochs;
  if (now.checkpoints.last_commit) epochs = "committed " + now.checkpoints.last_commit->ToString();
  if (now.checkpoints.last_checkpoint && now.checkpoints.last_checkpoint != now.checkpoints.last_commit)
    epochs += (epochs.empty() ? "" : ", ") + ("checkpoint " + now.checkpoints.last_checkpoint->ToString());
  add(epochs);
  if (now.dataflow.records_behind >= 0) add(fmt::format("lag {}", now.dataflow.records_behind));
  add(fmt::format("rows {}/s in, {}/s out", rate(now.dataflow.rows_in, before.dataflow.rows_in),
                  rate(now.dataflow.rows_out, before.dataflow.rows_out)));
  if (now.dataflow.late > 0) add(fmt::format("late {}", now.dataflow.late));
  Totals committed;
  committed.Add(now.checkpoints.committed);
  if (committed.rejected > 0) add(fmt::format("rejected {}", committed.rejected));
  add(Watermark(now.dataflow, split));
  return text;
}

}  // namespace

std::string StatusLine(const job::Job::JobStatus& now, const job::Job::JobStatus& before, double seconds,
                       size_t columns) {
  const std::string split = Printable(now.dataflow.held_by);
  const std::string whole = Line(now, before, seconds, split);
  const size_t length = Characters(whole), name = Characters(split);
  if (columns == 0 || length <= columns) return whole;
  const size_t over = length - columns;
  const size_t shorter = std::max(kShortestName, name > over ? name - over : 0);
  const std::string cut = shorter < name ? Line(now, before, seconds, kOmitted + Last(split, shorter - 1)) : whole;
  return Characters(cut) <= columns ? cut : First(cut, columns - 1) + kOmitted;
}

bool IsHeld(const job::Job::JobStatus& now) {
  return !now.dataflow.held_by.empty() && now.dataflow.held_silent_micros > kSilentMicros;
}

std::string WatermarkText(const job::Job::JobStatus& now) {
  return Watermark(now.dataflow, Printable(now.dataflow.held_by));
}

}  // namespace semel::cli
