// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "job/settings.h"

#include <algorithm>
#include <cstdlib>

#include "base/duration.h"
#include "base/text.h"
#include "columnar/time_zone.h"
#include "job/error_codes.h"
#include "job/flink_settings.h"

namespace semel::job {

namespace {

constexpr int kMostWorkers = 128;  // one per key group
constexpr int kMostRetained = 4096;

// Access to the settings that remembers which one was looked at last: an error is about that one.
class SettingReader {
 public:
  explicit SettingReader(const plan::Options& settings) : settings_(settings) {}
  // The value under the new name, else under the old one, else nothing.
  const std::string* Find(std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
      auto it = settings_.find(key);
      if (it == settings_.end()) continue;
      last_ = key;
      return &it->second;
    }
    return nullptr;
  }
  void LookAt(const std::string& key) { last_ = key; }
  const std::string& last() const { return last_; }
  const plan::Options& settings() const { return settings_; }

 private:
  const plan::Options& settings_;
  std::string last_;
};

Result<int> ParseCount(const std::string& key, const std::string& text, int most) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < 1 || value > most)
    return Status::Invalid(kBadSetting, fmt::format("'{}' = '{}' is no number from 1 to {}", key, text, most),
                           fmt::format("SET '{}' = '2';", key));
  return static_cast<int>(value);
}

Result<Micros> ParseTime(const std::string& key, const std::string& text) {
  Result<Micros> duration = ParseDuration(text);
  return duration.ok() ? duration : duration.status().WithContext(fmt::format("'{}'", key));
}

Result<bool> ParseBool(const std::string& key, const std::string& text) {
  const std::string lower = ToLowerAscii(text);
  if (lower == "true") return true;
  if (lower == "false") return false;
  return Status::Invalid(kBadSetting, fmt::format("'{}' = '{}' is neither true nor false", key, text),
                         fmt::format("SET '{}' = 'true';", key));
}

// A file: URI or a plain path; other schemes are refused by name.
Result<std::string> LocalPath(const std::string& key, std::string uri) {
  if (uri.rfind("file:", 0) == 0) {
    uri = uri.substr(5);
    while (uri.rfind("//", 0) == 0) uri.erase(0, 1);
  }
  if (uri.find("://") != std::string::npos)
    return Status::Invalid(kBadSetting,
                           fmt::format("'{}' = '{}': only folders are supported as a checkpoint store", key, uri),
                           "use a path or a file:/// URI");
  if (uri.empty()) return Status::Invalid(kBadSetting, fmt::format("'{}' is empty", key), "name a folder");
  return uri;
}

Status CheckName(const std::string& name) {
  bool good = !name.empty() && name.size() <= 100 && name[0] != '.';
  for (char c : name)
    good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                    c == '_' || c == '.');
  if (good) return Status::Ok();
  return Status::Invalid(
      kBadPipelineName, fmt::format("'{}' cannot be the name of a pipeline", name),
      "letters, digits, '-', '_' and '.', at most 100; it names the pipeline's folder and its markers");
}

// What Semel does not know: its own names and nobody's are mistakes; Flink's may be passed over where they change no
// result.
Status CheckUnknown(SettingReader& in, JobSettings& job) {
  std::vector<std::string> known;
  for (const auto& [key, text] : KnownSettings()) known.push_back(key);
  for (const auto& [key, value] : in.settings()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    in.LookAt(key);
    const std::string near = NearestName(key, known);
    const std::string meant = near.empty() ? "" : fmt::format("did you mean '{}'?", near);
    if (key.rfind("semel.", 0) == 0)
      return Status::Invalid(kUnknownSetting, fmt::format("unknown setting '{}'", key),
                             meant.empty() ? "there are 'semel.filesystem.follow' and 'semel.late'" : meant);
    if (!IsFlinkSetting(key))
      return Status::Invalid(
          kUnknownSetting, fmt::format("'{}' is a setting of neither Semel nor Flink", key),
          meant.empty() ? "remove it; options of a table or catalog belong into its WITH (…)" : meant);
    SEMEL_RETURN_IF_ERROR(CheckResultChanging(key, value));
    job.notices.push_back(fmt::format("setting '{}' has no effect in Semel{}", key, meant.empty() ? "" : "; " + meant));
  }
  return Status::Ok();
}

}  // namespace

const std::vector<std::pair<std::string, std::string>>& KnownSettings() {
  static const std::vector<std::pair<std::string, std::string>> kKnown{
      {"pipeline.name", "the name under which state, markers and messages are kept; required"},
      {"execution.checkpointing.dir", "root folder of the checkpoint store; ./.semel unless said otherwise"},
      {"state.checkpoints.dir", "older name of execution.checkpointing.dir"},
      {"execution.checkpointing.interval",
       "time between two checkpoints: 1 s, or 10 s where an Iceberg table is written"},
      {"execution.checkpointing.mode", "EXACTLY_ONCE (default) or AT_LEAST_ONCE"},
      {"execution.checkpointing.num-retained", "committed checkpoints that are kept, at least 2"},
      {"state.checkpoints.num-retained", "older name of execution.checkpointing.num-retained"},
      {"parallelism.default", "workers; one per core unless said otherwise"},
      {"table.local-time-zone",
       "zone of TIMESTAMP_LTZ values in text; the host's unless said otherwise, kept in the lineage"},
      {"table.exec.source.idle-timeout",
       "a split without rows for so long holds no watermark back; 0 (default): it does"},
      {"semel.filesystem.follow", "true: files of the filesystem connector grow and are followed"},
      {"semel.late", "late rows: drop (default) or fail"},
  };
  return kKnown;
}

namespace {

Status ReadCheckpointing(SettingReader& in, bool writes_iceberg, JobSettings& job) {
  job.checkpoint_root = "./.semel";
  if (const std::string* dir = in.Find({"execution.checkpointing.dir", "state.checkpoints.dir"})) {
    SEMEL_ASSIGN_OR_RETURN(job.checkpoint_root, LocalPath(in.last(), *dir));
  }
  job.checkpoint_interval = writes_iceberg ? Micros(10'000'000) : Micros(1'000'000);
  if (const std::string* text = in.Find({"execution.checkpointing.interval"})) {
    SEMEL_ASSIGN_OR_RETURN(job.checkpoint_interval, ParseTime("execution.checkpointing.interval", *text));
    if (job.checkpoint_interval < Micros(1'000))
      return Status::Invalid(kBadSetting, "'execution.checkpointing.interval' must be at least 1 ms", "try '1 s'");
  }
  if (const std::string* text = in.Find({"execution.checkpointing.mode"})) {
    const std::string upper = ToUpperAscii(*text);
    if (upper != "EXACTLY_ONCE" && upper != "AT_LEAST_ONCE")
      return Status::Invalid(kBadSetting, fmt::format("'execution.checkpointing.mode' = '{}'", *text),
                             "EXACTLY_ONCE or AT_LEAST_ONCE");
    job.exactly_once = upper == "EXACTLY_ONCE";
    if (!job.exactly_once)
      job.notices.push_back("AT_LEAST_ONCE: barriers are not aligned; after a crash rows may have their effect again");
  }
  if (const std::string* text = in.Find({"execution.checkpointing.num-retained", "state.checkpoints.num-retained"})) {
    SEMEL_ASSIGN_OR_RETURN(int retained, ParseCount("execution.checkpointing.num-retained", *text, kMostRetained));
    job.retained_checkpoints = std::max(retained, 2);
    if (retained < 2) job.notices.push_back("'execution.checkpointing.num-retained': at least 2 are kept");
  }
  return Status::Ok();
}

Status ReadAll(SettingReader& in, bool writes_iceberg, JobSettings& job) {
  const std::string* name = in.Find({"pipeline.name"});
  if (name == nullptr)
    return Status::Invalid(
        kNoPipelineName, "the script does not name its pipeline",
        "add SET 'pipeline.name' = 'billing'; at its top: state and commits are kept under this name");
  SEMEL_RETURN_IF_ERROR(CheckName(*name));
  job.pipeline_name = *name;
  SEMEL_RETURN_IF_ERROR(ReadCheckpointing(in, writes_iceberg, job));
  if (const std::string* text = in.Find({"parallelism.default"})) {
    SEMEL_ASSIGN_OR_RETURN(job.parallelism, ParseCount("parallelism.default", *text, kMostWorkers));
  }
  if (const std::string* text = in.Find({"table.local-time-zone"})) {
    SEMEL_RETURN_IF_ERROR(columnar::TimeZone::Find(*text).status());
    job.local_time_zone = *text;
  }
  if (const std::string* text = in.Find({"semel.filesystem.follow"})) {
    SEMEL_ASSIGN_OR_RETURN(job.follow_files, ParseBool("semel.filesystem.follow", *text));
  }
  if (const std::string* text = in.Find({"table.exec.source.idle-timeout"})) {
    SEMEL_ASSIGN_OR_RETURN(job.idle_timeout, ParseTime("table.exec.source.idle-timeout", *text));
  }
  if (const std::string* text = in.Find({"semel.late"})) {
    if (*text != "drop" && *text != "fail")
      return Status::Invalid(kBadSetting, fmt::format("'semel.late' = '{}'", *text), "'drop' or 'fail'");
    job.fail_on_late = *text == "fail";
  }
  return CheckUnknown(in, job);
}

}  // namespace

Result<JobSettings> ReadSettings(const plan::Options& settings, bool writes_iceberg,
                                 const std::map<std::string, SourceSpan>& places) {
  SettingReader in(settings);
  JobSettings job;
  const Status status = ReadAll(in, writes_iceberg, job);
  if (status.ok()) return job;
  const auto place = places.find(in.last());
  return place == places.end() ? status : status.WithSpan(place->second);
}

}  // namespace semel::job
