// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "cli/command.h"

int main(int argc, char** argv) { return semel::cli::Main(argc, argv); }
