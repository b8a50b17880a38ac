// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>

#include "job/job.h"

namespace semel::cli {

// What `semel run` shows, from two looks at the job that are `seconds` apart, what matters most first:
// "committed 7-2, checkpoint 8-2 · lag 5000 · rows 12000/s in, 900/s out · late 3 · rejected 1 · watermark 2026-01-01
// 00:00:05.000 held by x, silent for 35 s ('table.exec.source.idle-timeout')".
// At most `columns` characters (0: no limit): the split's name is shortened from its left, then the end is cut.
std::string StatusLine(const job::Job::JobStatus& now, const job::Job::JobStatus& before, double seconds,
                       size_t columns = 0);

// Whether a silent split holds the watermark back for so long that the user should know why a table stays empty.
bool IsHeld(const job::Job::JobStatus& now);
// "watermark 2026-01-01 00:00:05.000 held by x, silent for 35 s ('table.exec.source.idle-timeout')"; empty if there is
// none to speak of.
std::string WatermarkText(const job::Job::JobStatus& now);

}  // namespace semel::cli
