// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Error codes of the Kafka client and connector (3000–3199).
#pragma once

#include "base/error_code.h"

namespace semel::kafka {

inline constexpr ErrorCode kUnreachable{3001, ExitCode::kUnavailable, "no Kafka broker answers"};
inline constexpr ErrorCode kBrokerError{3002, ExitCode::kUnavailable, "Kafka broker refused a request"};
inline constexpr ErrorCode kBadResponse{3003, ExitCode::kUnavailable, "unreadable answer of a Kafka broker"};
inline constexpr ErrorCode kOldBroker{3004, ExitCode::kConfig, "Kafka broker is too old"};
inline constexpr ErrorCode kNoTopic{3005, ExitCode::kNoInput, "Kafka topic does not exist"};
inline constexpr ErrorCode kNotAuthorized{3006, ExitCode::kPermission, "not authorized by Kafka"};
inline constexpr ErrorCode kAuthentication{3007, ExitCode::kPermission, "Kafka authentication failed"};
inline constexpr ErrorCode kDamagedBatch{3010, ExitCode::kData, "damaged Kafka record batch"};
inline constexpr ErrorCode kOldBatch{3011, ExitCode::kData, "Kafka record batch of an old format"};
inline constexpr ErrorCode kOffsetGap{3020, ExitCode::kData, "Kafka partition does not continue the checkpoint"};
inline constexpr ErrorCode kTopicReplaced{3021, ExitCode::kData, "Kafka topic was deleted or recreated"};
inline constexpr ErrorCode kBadKafkaPosition{3022, ExitCode::kData, "unreadable Kafka position"};
inline constexpr ErrorCode kBadKafkaOption{3030, ExitCode::kConfig, "bad Kafka option"};
inline constexpr ErrorCode kNoGroupOffset{3031, ExitCode::kConfig, "consumer group has no offset"};

}  // namespace semel::kafka
