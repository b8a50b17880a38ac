// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#pragma once

#include <string>

#include "job/job.h"

namespace semel::cli {

// What `semel run` shows on a terminal, from two looks at the job that are `seconds` apart:
// "rows 12000/s in, 900/s out · lag 5000 · late 3 · watermark 2026-01-01 00:00:05.000 held by x, silent for 35 s
// ('table.exec.source.idle-timeout') · checkpoint 7-2, committed 7-2"
std::string StatusLine(const job::Job::JobStatus& now, const job::Job::JobStatus& before, double seconds);

}  // namespace semel::cli
