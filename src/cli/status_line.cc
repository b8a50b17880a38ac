// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/status_line.h"

#include "columnar/value_text.h"

namespace semel::cli {

namespace {

constexpr int64_t kSilentMicros = 5'000'000;  // shorter pauses are nothing to speak of

// A split without rows holds every window back: the user learns which one, and that it is a matter of a setting.
std::string Watermark(const runtime::DataflowStatus& now) {
  const bool silent = now.held_silent_micros > kSilentMicros;
  const bool none_yet = now.watermark == checkpoint::kNoWatermark;
  if (now.held_by.empty() || (none_yet && !silent)) return {};
  std::string text = " · watermark";
  if (!none_yet) text += " " + columnar::TimestampToString(now.watermark, 3);
  if (silent)
    text += fmt::format(" held by {}, silent for {} s ('table.exec.source.idle-timeout')", now.held_by,
                        now.held_silent_micros / 1'000'000);
  return text;
}

}  // namespace

std::string StatusLine(const job::Job::JobStatus& now, const job::Job::JobStatus& before, double seconds) {
  const auto rate = [seconds](int64_t a, int64_t b) {
    return static_cast<int64_t>(static_cast<double>(a - b) / seconds);
  };
  std::string text = fmt::format("rows {}/s in, {}/s out", rate(now.dataflow.rows_in, before.dataflow.rows_in),
                                 rate(now.dataflow.rows_out, before.dataflow.rows_out));
  if (now.dataflow.records_behind >= 0) text += fmt::format(" · lag {}", now.dataflow.records_behind);
  if (now.dataflow.late > 0) text += fmt::format(" · late {}", now.dataflow.late);
  text += Watermark(now.dataflow);
  if (now.checkpoints.last_checkpoint)
    text += fmt::format(" · checkpoint {}", now.checkpoints.last_checkpoint->ToString());
  if (now.checkpoints.last_commit) text += fmt::format(", committed {}", now.checkpoints.last_commit->ToString());
  if (now.checkpoints.open_commit && now.checkpoints.open_commit->resolving)
    text += fmt::format(" · RESOLVING {}", now.checkpoints.open_commit->sink);
  return text;
}

}  // namespace semel::cli
