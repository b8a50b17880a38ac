// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// Functions of text. Lengths and positions count code points, from 1.
#include <algorithm>
#include <optional>

#include "base/text.h"
#include "functions/api/kernels.h"
#include "functions/strings/register.h"

namespace semel::functions {

using columnar::ColumnBuilder;

namespace {

size_t PointBytes(std::string_view text, size_t at) {
  size_t n = 1;
  while (at + n < text.size() && (text[at + n] & 0xc0) == 0x80) ++n;
  return n;
}

int CountPoints(std::string_view text) {
  int n = 0;
  for (size_t at = 0; at < text.size(); at += PointBytes(text, at)) ++n;
  return n;
}

// SQL's SUBSTRING: start counts from 1, from the end where negative; 0 is read as 1.
std::string_view Substring(std::string_view text, int start, int length) {
  if (length <= 0) return {};
  const int points = CountPoints(text);
  int first = start > 0 ? start - 1 : start < 0 ? points + start : 0;
  if (first < 0 || first >= points) return {};
  size_t at = 0;
  while (first-- > 0) at += PointBytes(text, at);
  size_t end = at;
  while (length-- > 0 && end < text.size()) end += PointBytes(text, end);
  return text.substr(at, end - at);
}

// LIKE: '%' any run, '_' one code point.
bool Like(std::string_view text, std::string_view pattern, char escape) {
  size_t t = 0, p = 0, star_p = std::string_view::npos, star_t = 0;
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && escape != 0 && pattern[p] == escape;
    if (!escaped && p < pattern.size() && pattern[p] == '%') {
      star_p = ++p;
      star_t = t;
    } else if (!escaped && p < pattern.size() && pattern[p] == '_') {
      ++p;
      t += PointBytes(text, t);
    } else if (p < pattern.size() && pattern[p + (escaped ? 1 : 0)] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star_p != std::string_view::npos) {
      p = star_p;
      t = ++star_t;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

const DataType kText = DataType::String();
const DataType kTextResult = DataType::String(columnar::kUnboundedLength, false);

template <typename Fn>
void AddTextFunction(Registry& registry, const char* name, const char* signature, const char* description,
                     std::vector<DataType> types, DataType result, Fn fn, size_t optional = 0) {
  registry.Add(
      {name, signature, description, true, FixedTypes(signature, std::move(types), std::move(result), optional),
       [fn](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
         return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status { return fn(args, i, out); });
       }});
}

// The text without the characters of `unwanted` at its ends, whatever their order there.
std::string_view TrimOf(std::string_view text, std::string_view unwanted, bool left, bool right) {
  auto is_inside = [](char c) { return (c & 0xC0) == 0x80; };
  auto is_unwanted = [unwanted](std::string_view c) { return unwanted.find(c) != std::string_view::npos; };
  while (left && !text.empty()) {
    size_t size = 1;
    while (size < text.size() && is_inside(text[size])) ++size;
    if (!is_unwanted(text.substr(0, size))) break;
    text.remove_prefix(size);
  }
  while (right && !text.empty()) {
    size_t size = 1;
    while (size < text.size() && is_inside(text[text.size() - size])) ++size;
    if (!is_unwanted(text.substr(text.size() - size))) break;
    text.remove_suffix(size);
  }
  return text;
}

std::string_view Trim(std::string_view text, bool left, bool right) {
  while (left && !text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (right && !text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The index-th part of the text between separators. Without a separator blanks separate, and the empty text has no
// parts (StringUtils.splitByWholeSeparatorPreserveAllTokens).
std::optional<std::string_view> Part(std::string_view text, std::string_view separator, int index) {
  if (text.empty() || index < 0) return std::nullopt;
  const size_t width = std::max<size_t>(separator.size(), 1);
  auto next = [&] { return separator.empty() ? text.find_first_of(" \t\n\v\f\r") : text.find(separator); };
  for (; index > 0; --index) {
    const size_t cut = next();
    if (cut == std::string_view::npos) return std::nullopt;
    text.remove_prefix(cut + width);
  }
  return text.substr(0, next());
}

// Where `part` begins first at or after `at`; an empty one between all characters and at the ends.
size_t NextHit(std::string_view text, std::string_view part, size_t at) {
  if (!part.empty()) return text.find(part, at);
  while (at < text.size() && (text[at] & 0xc0) == 0x80) ++at;
  return at > text.size() ? std::string_view::npos : at;
}

// The size is known before a result is built that may not fit.
Status Replace(std::string_view text, std::string_view from, std::string_view to, ColumnBuilder& out) {
  const size_t step = std::max<size_t>(from.size(), 1);
  size_t hits = 0;
  for (size_t hit = NextHit(text, from, 0); hit != std::string_view::npos; hit = NextHit(text, from, hit + step))
    ++hits;
  if (to.size() > from.size() && !out.HasRoomFor(text.size() + hits * (to.size() - from.size()))) return TextTooLong();
  std::string result;
  size_t at = 0;
  for (size_t hit = NextHit(text, from, 0); hit != std::string_view::npos; hit = NextHit(text, from, hit + step)) {
    result.append(text.substr(at, hit - at)).append(to);
    at = hit + from.size();
  }
  return AppendText(result.append(text.substr(at)), out);
}

int IntAt(std::span<const ColumnPtr> args, size_t a, int64_t i) { return args[a]->values<int32_t>()[i]; }

void AddSubstring(Registry& registry, const char* name, const char* signature) {
  const DataType integer = DataType::Integer();
  const auto fixed = FixedTypes(signature, {kText, integer, integer}, kTextResult, 1);
  auto resolve = [fixed](std::span<const plan::ExprPtr> args) -> Result<Resolution> {
    SEMEL_ASSIGN_OR_RETURN(Resolution resolution, fixed(args));
    // A negative length gives NULL.
    const bool may_be_negative = args.size() > 2 && (args[2]->kind != plan::ExprKind::kLiteral ||
                                                     args[2]->literal->IsNull(0) || args[2]->literal->GetInt(0) < 0);
    if (may_be_negative) resolution.result = resolution.result.WithNullable(true);
    return resolution;
  };
  auto kernel = [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
    return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) {
      const int length = args.size() > 2 ? IntAt(args, 2, i) : INT32_MAX;
      if (length < 0) {
        out.AppendNull();
      } else {
        out.AppendString(Substring(args[0]->GetString(i), IntAt(args, 1, i), length));
      }
      return Status::Ok();
    });
  };
  registry.Add({name, signature, "A piece of the text; NULL for a negative length.", true, resolve, kernel});
}

void RegisterPieces(Registry& registry) {
  const DataType integer = DataType::Integer();
  AddSubstring(registry, "SUBSTRING", "SUBSTRING(text, start[, length])");
  AddSubstring(registry, "SUBSTR", "SUBSTR(text, start[, length])");
  registry.Add({"SPLIT_INDEX", "SPLIT_INDEX(text, separator, index)",
                "The index-th part (from 0) between separators; NULL if there is none.", true,
                FixedTypes("SPLIT_INDEX(text, separator, index)", {kText, kText, integer}, kText),
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) {
                    const std::optional<std::string_view> part =
                        Part(args[0]->GetString(i), args[1]->GetString(i), IntAt(args, 2, i));
                    if (part) {
                      out.AppendString(*part);
                    } else {
                      out.AppendNull();
                    }
                    return Status::Ok();
                  });
                }});
  AddTextFunction(
      registry, "REPLACE", "REPLACE(text, from, to)", "Every `from` replaced by `to`.", {kText, kText, kText},
      kTextResult, [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
        const std::string_view text = args[0]->GetString(i), from = args[1]->GetString(i), to = args[2]->GetString(i);
        return Replace(text, from, to, out);
      });
}

// An escape character stands before %, _ or itself only.
Status CheckLike(std::string_view pattern, std::string_view escape) {
  if (escape.size() != 1)
    return Status::Invalid(kBadArgument, fmt::format("'{}' is no escape character", escape), "use one character");
  for (size_t at = pattern.find(escape); at != std::string_view::npos; at = pattern.find(escape, at + 2)) {
    const std::string_view next = pattern.substr(at + 1, 1);
    if (next.empty() || (next != "%" && next != "_" && next != escape))
      return Status::Invalid(kBadArgument, fmt::format("'{}' in the pattern '{}' escapes nothing", escape, pattern),
                             "it stands before %, _ or itself");
  }
  return Status::Ok();
}

Result<Resolution> ResolveLike(std::span<const plan::ExprPtr> args) {
  static constexpr const char* kSignature = "text LIKE pattern [ESCAPE character]";
  SEMEL_ASSIGN_OR_RETURN(Resolution resolution,
                         FixedTypes(kSignature, {kText, kText, kText}, DataType::Boolean(false), 1)(args));
  auto literal = [&args](size_t i) {
    const bool is_literal = i < args.size() && args[i]->kind == plan::ExprKind::kLiteral && args[i]->type.is_text();
    return is_literal && args[i]->literal->IsValid(0) ? std::optional(args[i]->literal->GetString(0)) : std::nullopt;
  };
  const std::optional<std::string_view> pattern = literal(1), escape = args.size() > 2 ? literal(2) : "\\";
  if (!pattern || !escape) return resolution;
  SEMEL_RETURN_IF_ERROR(CheckLike(*pattern, *escape));
  // Flink takes the backslash of such a literal for itself, and for the escape character in all other patterns.
  if (args.size() == 2 && pattern->find('\\') != std::string_view::npos && pattern->find('_') == std::string_view::npos)
    return Status::Invalid(kBadArgument, fmt::format("the backslash in the pattern '{}' may mean two things", *pattern),
                           "add ESCAPE '\\', or another ESCAPE if it means itself");
  return resolution;
}

void RegisterLike(Registry& registry) {
  registry.Add({"LIKE", "text LIKE pattern [ESCAPE character]",
                "Whether the text fits the pattern: % any run, _ one character.", true, ResolveLike,
                [](const EvalContext&, std::span<const ColumnPtr> args, int64_t rows, const DataType& type) {
                  return MapRows(args, rows, type, [&](int64_t i, ColumnBuilder& out) -> Status {
                    const std::string_view pattern = args[1]->GetString(i),
                                           escape = args.size() > 2 ? args[2]->GetString(i) : "\\";
                    SEMEL_RETURN_IF_ERROR(CheckLike(pattern, escape));
                    out.AppendBool(Like(args[0]->GetString(i), pattern, escape[0]));
                    return Status::Ok();
                  });
                }});
}

}  // namespace

void RegisterStrings(Registry& registry) {
  auto upper = [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
    return out.AppendString(ToUpperAscii(args[0]->GetString(i))), Status::Ok();
  };
  auto lower = [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
    return out.AppendString(ToLowerAscii(args[0]->GetString(i))), Status::Ok();
  };
  auto length = [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
    return out.Append<int32_t>(CountPoints(args[0]->GetString(i))), Status::Ok();
  };
  auto trim = [](bool left, bool right) {
    return [left, right](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
      return out.AppendString(Trim(args[0]->GetString(i), left, right)), Status::Ok();
    };
  };
  AddTextFunction(registry, "UPPER", "UPPER(text)", "ASCII letters in upper case.", {kText}, kTextResult, upper);
  AddTextFunction(registry, "LOWER", "LOWER(text)", "ASCII letters in lower case.", {kText}, kTextResult, lower);
  AddTextFunction(registry, "CHAR_LENGTH", "CHAR_LENGTH(text)", "Number of code points.", {kText},
                  DataType::Integer(false), length);
  AddTextFunction(registry, "CHARACTER_LENGTH", "CHARACTER_LENGTH(text)", "Number of code points.", {kText},
                  DataType::Integer(false), length);
  AddTextFunction(registry, "TRIM", "TRIM(text)", "Without blanks at both ends.", {kText}, kTextResult,
                  trim(true, true));
  auto trim_of = [](bool left, bool right) {
    return [left, right](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
      return out.AppendString(TrimOf(args[0]->GetString(i), args[1]->GetString(i), left, right)), Status::Ok();
    };
  };
  AddTextFunction(registry, "TRIM BOTH", "TRIM(BOTH characters FROM text)", "Without these characters at both ends.",
                  {kText, kText}, kTextResult, trim_of(true, true));
  AddTextFunction(registry, "TRIM LEADING", "TRIM(LEADING characters FROM text)",
                  "Without these characters at the beginning.", {kText, kText}, kTextResult, trim_of(true, false));
  AddTextFunction(registry, "TRIM TRAILING", "TRIM(TRAILING characters FROM text)",
                  "Without these characters at the end.", {kText, kText}, kTextResult, trim_of(false, true));
  AddTextFunction(registry, "LTRIM", "LTRIM(text)", "Without blanks at the beginning.", {kText}, kTextResult,
                  trim(true, false));
  AddTextFunction(registry, "RTRIM", "RTRIM(text)", "Without blanks at the end.", {kText}, kTextResult,
                  trim(false, true));
  AddTextFunction(registry, "POSITION", "POSITION(part IN text)", "Where the part begins first, from 1; 0 if nowhere.",
                  {kText, kText}, DataType::Integer(false),
                  [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) {
                    const std::string_view text = args[1]->GetString(i);
                    const size_t at = text.find(args[0]->GetString(i));
                    out.Append<int32_t>(at == std::string_view::npos ? 0 : CountPoints(text.substr(0, at)) + 1);
                    return Status::Ok();
                  });
  AddTextFunction(registry, "||", "text || text", "One text after the other.", {kText, kText}, kTextResult,
                  [](std::span<const ColumnPtr> args, int64_t i, ColumnBuilder& out) -> Status {
                    const std::string_view left = args[0]->GetString(i), right = args[1]->GetString(i);
                    if (!out.HasRoomFor(left.size() + right.size())) return TextTooLong();
                    return AppendText(std::string(left).append(right), out);
                  });
  RegisterLike(registry);
  RegisterPieces(registry);
}

}  // namespace semel::functions
