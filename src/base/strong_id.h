// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Identifiers that cannot be mixed up: an epoch is not a generation, whatever both are made of.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace semel {

// A number with a tag type. `using Epoch = StrongId<struct EpochTag>;`
template <typename Tag, typename Rep = uint64_t>
struct StrongId {
  Rep value = 0;
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongId&) const = default;
  constexpr StrongId Next() const { return StrongId(value + 1); }
};

using Epoch = StrongId<struct EpochTag>;            // number n of a checkpoint within a lineage
using Generation = StrongId<struct GenerationTag>;  // number G of one start of the engine

}  // namespace semel

template <typename Tag, typename Rep>
struct std::hash<semel::StrongId<Tag, Rep>> {
  size_t operator()(semel::StrongId<Tag, Rep> id) const noexcept { return std::hash<Rep>()(id.value); }
};
