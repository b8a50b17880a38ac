// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "connectors/kafka/kafka_options.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <set>

#include "base/duration.h"
#include "base/text.h"
#include "kafka/error_codes.h"

namespace semel::connectors {

namespace {

using kafka::kBadKafkaOption;

Status Bad(std::string_view key, std::string_view value, std::string hint) {
  return Status::Invalid(kBadKafkaOption, fmt::format("'{}' = '{}' cannot be used", key, value), std::move(hint));
}

Result<int64_t> ParseNumber(std::string_view key, std::string_view text) {
  int64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size() || v < 0)
    return Bad(key, text, "a number from 0 is expected");
  return v;
}

// Access to WITH options that remembers which were looked at.
class OptionReader {
 public:
  explicit OptionReader(const plan::Options& with) : with_(with) {}
  const std::string* Find(const std::string& key) {
    seen_.insert(key);
    auto it = with_.find(key);
    return it == with_.end() ? nullptr : &it->second;
  }
  std::string Text(const std::string& key, std::string otherwise) {
    const std::string* text = Find(key);
    return text == nullptr ? std::move(otherwise) : *text;
  }
  Status Number(const std::string& key, int64_t least, int64_t most, auto& out) {
    const std::string* text = Find(key);
    if (text == nullptr) return Status::Ok();
    SEMEL_ASSIGN_OR_RETURN(int64_t v, ParseNumber(key, *text));
    if (v < least || v > most) return Bad(key, *text, fmt::format("it must be from {} to {}", least, most));
    out = static_cast<std::remove_reference_t<decltype(out)>>(v);
    return Status::Ok();
  }
  // A property in milliseconds.
  Status Millis(const std::string& key, Micros& out) {
    int64_t v = -1;
    SEMEL_RETURN_IF_ERROR(Number(key, 0, 86'400'000, v));
    if (v >= 0) out = Micros(v * 1000);
    return Status::Ok();
  }
  std::vector<std::string> UnseenProperties() const {
    std::vector<std::string> keys;
    for (const auto& [key, value] : with_)
      if (key.rfind("properties.", 0) == 0 && seen_.count(key) == 0) keys.push_back(key);
    return keys;
  }

 private:
  const plan::Options& with_;
  std::set<std::string> seen_;
};

Result<std::vector<kafka::Endpoint>> ParseBootstrap(const std::string& text) {
  std::vector<kafka::Endpoint> endpoints;
  for (const std::string& part : Split(text, ',')) {
    std::string_view address = TrimAscii(part);
    if (address.empty()) continue;
    if (const size_t scheme = address.find("://"); scheme != std::string_view::npos) address.remove_prefix(scheme + 3);
    const size_t colon = address.rfind(':');
    kafka::Endpoint endpoint;
    if (colon == std::string_view::npos)
      return Bad("properties.bootstrap.servers", text, "host:port, separated by commas, is expected");
    SEMEL_ASSIGN_OR_RETURN(int64_t port, ParseNumber("properties.bootstrap.servers", address.substr(colon + 1)));
    if (port < 1 || port > 65535) return Bad("properties.bootstrap.servers", text, "a port is from 1 to 65535");
    endpoint.host = std::string(address.substr(0, colon));
    if (endpoint.host.size() > 2 && endpoint.host.front() == '[')
      endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
    endpoint.port = static_cast<uint16_t>(port);
    endpoints.push_back(std::move(endpoint));
  }
  if (endpoints.empty())
    return Status::Invalid(kBadKafkaOption, "the Kafka table names no broker",
                           "WITH (…, 'properties.bootstrap.servers' = 'host:9092')");
  return endpoints;
}

// "partition:0,offset:42;partition:1,offset:300"
Result<std::map<int32_t, int64_t>> ParseSpecific(const std::string& key, const std::string& text) {
  std::map<int32_t, int64_t> offsets;
  for (const std::string& entry : Split(text, ';')) {
    if (TrimAscii(entry).empty()) continue;
    int64_t partition = -1;
    int64_t offset = -1;
    for (const std::string& pair : Split(entry, ',')) {
      const std::vector<std::string> parts = Split(pair, ':');
      if (parts.size() != 2) return Bad(key, text, "'partition:0,offset:42;partition:1,offset:300' is expected");
      SEMEL_ASSIGN_OR_RETURN(int64_t v, ParseNumber(key, TrimAscii(parts[1])));
      (TrimAscii(parts[0]) == "partition" ? partition : offset) = v;
    }
    if (partition < 0 || offset < 0)
      return Bad(key, text, "'partition:0,offset:42;partition:1,offset:300' is expected");
    offsets[static_cast<int32_t>(partition)] = offset;
  }
  if (offsets.empty()) return Bad(key, text, "'partition:0,offset:42' is expected");
  return offsets;
}

// `side` is "startup" or "bounded".
Result<OffsetRule> ParseRule(OptionReader& in, const std::string& side, const std::string& otherwise) {
  static const std::map<std::string, OffsetMode> kModes = {
      {"earliest-offset", OffsetMode::kEarliest},  {"latest-offset", OffsetMode::kLatest},
      {"group-offsets", OffsetMode::kGroup},       {"timestamp", OffsetMode::kTimestamp},
      {"specific-offsets", OffsetMode::kSpecific}, {"unbounded", OffsetMode::kUnbounded}};
  const std::string prefix = "scan." + side + ".";
  const std::string name = ToLowerAscii(in.Text(prefix + "mode", otherwise));
  const auto mode = kModes.find(name);
  const bool wrong_side = mode != kModes.end() && (side == "startup" ? mode->second == OffsetMode::kUnbounded
                                                                     : mode->second == OffsetMode::kEarliest);
  if (mode == kModes.end() || wrong_side)
    return Bad(prefix + "mode", name,
               fmt::format("one of {}latest-offset, group-offsets, timestamp, specific-offsets{} is expected",
                           side == "startup" ? "earliest-offset, " : "", side == "startup" ? "" : ", unbounded"));
  OffsetRule rule;
  rule.mode = mode->second;
  const std::string* specific = in.Find(prefix + "specific-offsets");
  const std::string* timestamp = in.Find(prefix + "timestamp-millis");
  if (rule.mode == OffsetMode::kSpecific) {
    if (specific == nullptr) return Bad(prefix + "mode", name, fmt::format("add '{}specific-offsets'", prefix));
    SEMEL_ASSIGN_OR_RETURN(rule.specific, ParseSpecific(prefix + "specific-offsets", *specific));
  }
  if (rule.mode == OffsetMode::kTimestamp) {
    if (timestamp == nullptr) return Bad(prefix + "mode", name, fmt::format("add '{}timestamp-millis'", prefix));
    SEMEL_ASSIGN_OR_RETURN(rule.timestamp_ms, ParseNumber(prefix + "timestamp-millis", *timestamp));
  }
  return rule;
}

// username="u" password="p" of a Java login module's configuration.
std::string JaasValue(const std::string& config, const std::string& name) {
  std::smatch match;
  return std::regex_search(config, match, std::regex(name + R"re(\s*=\s*"([^"]*)")re")) ? match[1].str()
                                                                                        : std::string();
}

Status ParseSecurity(OptionReader& in, kafka::ConnectionOptions& out) {
  const std::string protocol = ToUpperAscii(in.Text("properties.security.protocol", "PLAINTEXT"));
  if (protocol != "PLAINTEXT" && protocol != "SSL" && protocol != "SASL_PLAINTEXT" && protocol != "SASL_SSL")
    return Bad("properties.security.protocol", protocol, "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL is expected");
  out.tls.enabled = protocol == "SSL" || protocol == "SASL_SSL";
  out.tls.ca_file = in.Text("properties.ssl.truststore.location", in.Text("properties.ssl.ca.location", ""));
  out.tls.certificate_file = out.tls.key_file = in.Text("properties.ssl.keystore.location", "");
  out.tls.verify_host = !in.Text("properties.ssl.endpoint.identification.algorithm", "https").empty();
  for (const char* type : {"properties.ssl.truststore.type", "properties.ssl.keystore.type"})
    if (const std::string* value = in.Find(type); value != nullptr && ToUpperAscii(*value) != "PEM")
      return Bad(type, *value, "only PEM files can be read; `keytool -exportcert -rfc` makes one");
  const std::string mechanism = ToUpperAscii(in.Text("properties.sasl.mechanism", "PLAIN"));
  const std::string jaas = in.Text("properties.sasl.jaas.config", "");
  if (protocol.rfind("SASL_", 0) != 0) return Status::Ok();
  if (mechanism != "PLAIN" && mechanism != "SCRAM-SHA-256" && mechanism != "SCRAM-SHA-512")
    return Bad("properties.sasl.mechanism", mechanism, "PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are spoken");
  out.sasl_mechanism = mechanism;
  out.sasl_username = JaasValue(jaas, "username");
  out.sasl_password = JaasValue(jaas, "password");
  if (out.sasl_username.empty())
    return Bad("properties.sasl.jaas.config", "…",
               "'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";' is "
               "expected (with scram.ScramLoginModule for SCRAM)");
  return Status::Ok();
}

Status ParseTopics(OptionReader& in, KafkaOptions& out) {
  for (const std::string& topic : Split(in.Text("topic", ""), ';'))
    if (!TrimAscii(topic).empty()) out.topics.emplace_back(TrimAscii(topic));
  out.topic_pattern = in.Text("topic-pattern", "");
  if (out.topics.empty() == out.topic_pattern.empty())
    return Status::Invalid(kBadKafkaOption, "a Kafka table needs either 'topic' or 'topic-pattern'",
                           "WITH (…, 'topic' = 'purchases')");
  std::sort(out.topics.begin(), out.topics.end());
  out.topics.erase(std::unique(out.topics.begin(), out.topics.end()), out.topics.end());
  try {
    std::regex check(out.topic_pattern);
  } catch (const std::regex_error& error) {
    return Bad("topic-pattern", out.topic_pattern, error.what());
  }
  return Status::Ok();
}

Status ParseFetch(OptionReader& in, KafkaOptions& out) {
  const std::string isolation = ToLowerAscii(in.Text("properties.isolation.level", "read_committed"));
  if (isolation != "read_committed" && isolation != "read_uncommitted")
    return Bad("properties.isolation.level", isolation, "read_committed or read_uncommitted is expected");
  out.fetch.read_committed = isolation == "read_committed";
  SEMEL_RETURN_IF_ERROR(in.Number("properties.fetch.max.bytes", 1024, 1 << 30, out.fetch.max_bytes));
  SEMEL_RETURN_IF_ERROR(
      in.Number("properties.max.partition.fetch.bytes", 1024, 1 << 30, out.fetch.max_partition_bytes));
  SEMEL_RETURN_IF_ERROR(in.Number("properties.fetch.min.bytes", 1, 1 << 30, out.fetch.min_bytes));
  SEMEL_RETURN_IF_ERROR(in.Number("properties.fetch.max.wait.ms", 0, 60'000, out.fetch.max_wait_ms));
  SEMEL_RETURN_IF_ERROR(in.Millis("properties.metadata.max.age.ms", out.fetch.metadata_max_age));
  SEMEL_RETURN_IF_ERROR(in.Millis("properties.request.timeout.ms", out.cluster.connection.request_timeout));
  SEMEL_RETURN_IF_ERROR(
      in.Millis("properties.socket.connection.setup.timeout.ms", out.cluster.connection.connect_timeout));
  SEMEL_RETURN_IF_ERROR(in.Millis("properties.default.api.timeout.ms", out.cluster.api_timeout));
  out.cluster.connection.client_id = in.Text("properties.client.id", "semel");
  return Status::Ok();
}

Status ParseGroup(OptionReader& in, KafkaOptions& out) {
  out.group = in.Text("properties.group.id", "");
  out.commit_group_offsets = ToLowerAscii(in.Text("properties.commit.offsets.on.checkpoint", "true")) != "false";
  const std::string reset = ToLowerAscii(in.Text("properties.auto.offset.reset", "none"));
  if (reset != "none" && reset != "earliest" && reset != "latest")
    return Bad("properties.auto.offset.reset", reset, "none, earliest or latest is expected");
  out.reset = reset == "none"       ? ResetPolicy::kNone
              : reset == "earliest" ? ResetPolicy::kEarliest
                                    : ResetPolicy::kLatest;
  if (out.group.empty() && (out.start.mode == OffsetMode::kGroup || out.end.mode == OffsetMode::kGroup))
    return Status::Invalid(kBadKafkaOption,
                           "'group-offsets' (the default of 'scan.startup.mode') needs 'properties.group.id'",
                           "set 'properties.group.id', or 'scan.startup.mode' = 'earliest-offset'");
  return Status::Ok();
}

}  // namespace

Result<KafkaOptions> ParseKafkaOptions(const plan::Options& with) {
  OptionReader in(with);
  KafkaOptions out;
  SEMEL_RETURN_IF_ERROR(ParseTopics(in, out));
  SEMEL_ASSIGN_OR_RETURN(out.cluster.bootstrap, ParseBootstrap(in.Text("properties.bootstrap.servers", "")));
  SEMEL_ASSIGN_OR_RETURN(out.start, ParseRule(in, "startup", "group-offsets"));
  SEMEL_ASSIGN_OR_RETURN(out.end, ParseRule(in, "bounded", "unbounded"));
  SEMEL_RETURN_IF_ERROR(ParseGroup(in, out));
  SEMEL_RETURN_IF_ERROR(ParseFetch(in, out));
  SEMEL_RETURN_IF_ERROR(ParseSecurity(in, out.cluster.connection));
  if (const std::string* interval = in.Find("scan.topic-partition-discovery.interval")) {
    SEMEL_ASSIGN_OR_RETURN(out.discovery_interval, ParseDuration(*interval));
  }
  out.without_effect = in.UnseenProperties();
  return out;
}

}  // namespace semel::connectors
