// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// librdkafka as the rival of Semel's Kafka source.
//   bench_rdkafka fill BOOTSTRAP TOPIC PARTITIONS RECORDS BYTES   writes JSON records of BYTES bytes, uncompressed
//   bench_rdkafka drain BOOTSTRAP TOPIC PARTITIONS RECORDS        reads them in batches, decodes nothing; prints how
//   many came
#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "bench_rdkafka: %s\n", what);
  std::exit(1);
}

rd_kafka_conf_t* Configure(const std::vector<std::pair<const char*, const char*>>& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512];
  for (const auto& [key, value] : settings)
    if (rd_kafka_conf_set(conf, key, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) Die(error);
  return conf;
}

rd_kafka_t* Create(rd_kafka_type_t type, rd_kafka_conf_t* conf) {
  char error[512];
  rd_kafka_t* client = rd_kafka_new(type, conf, error, sizeof(error));
  if (client == nullptr) Die(error);
  return client;
}

void Fill(const char* bootstrap, const char* topic_name, int partitions, int64_t records, size_t bytes) {
  rd_kafka_t* client = Create(RD_KAFKA_PRODUCER, Configure({{"bootstrap.servers", bootstrap},
                                                            {"linger.ms", "20"},
                                                            {"batch.size", "1000000"},
                                                            {"enable.idempotence", "true"},
                                                            {"queue.buffering.max.messages", "1000000"}}));
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, topic_name, nullptr);
  uint64_t state = 42;
  for (int64_t i = 0; i < records; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto cents = static_cast<long long>((state >> 33) % 50000 + 1);
    const auto user = static_cast<int>((state >> 20) % 100000);
    char text[512];
    const int n = std::snprintf(text, sizeof(text),
                                R"({"purchase_id":%lld,"user_id":%d,"item":"item-%d","amount":%lld.%02lld,"note":")",
                                static_cast<long long>(i), user, user % 1000, cents / 100, cents % 100);
    if (static_cast<size_t>(n) + 2 > bytes || bytes > sizeof(text)) Die("BYTES does not fit");
    std::memset(text + n, 'x', bytes - static_cast<size_t>(n) - 2);
    text[bytes - 2] = '"';
    text[bytes - 1] = '}';
    while (rd_kafka_produce(topic, static_cast<int32_t>(i % partitions), RD_KAFKA_MSG_F_COPY, text, bytes, nullptr, 0,
                            nullptr) != 0)
      rd_kafka_poll(client, 10);
    if (i % 10000 == 0) rd_kafka_poll(client, 0);
  }
  if (rd_kafka_flush(client, 120000) != RD_KAFKA_RESP_ERR_NO_ERROR) Die("flush failed");
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(client);
}

void Drain(const char* bootstrap, const char* topic_name, int partitions, int64_t records) {
  rd_kafka_t* client = Create(RD_KAFKA_CONSUMER, Configure({{"bootstrap.servers", bootstrap},
                                                            {"group.id", "bench"},
                                                            {"enable.auto.commit", "false"},
                                                            {"check.crcs", "true"}}));
  rd_kafka_topic_t* topic = rd_kafka_topic_new(client, topic_name, nullptr);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  for (int p = 0; p < partitions; ++p) rd_kafka_consume_start_queue(topic, p, RD_KAFKA_OFFSET_BEGINNING, queue);
  std::vector<rd_kafka_message_t*> messages(10000);
  int64_t seen = 0;
  int64_t bytes = 0;
  while (seen < records) {
    const ssize_t n = rd_kafka_consume_batch_queue(queue, 1000, messages.data(), messages.size());
    if (n < 0) Die("consume failed");
    for (ssize_t i = 0; i < n; ++i) {
      if (messages[static_cast<size_t>(i)]->err == 0) {
        ++seen;
        bytes += static_cast<int64_t>(messages[static_cast<size_t>(i)]->len);
      }
      rd_kafka_message_destroy(messages[static_cast<size_t>(i)]);
    }
  }
  std::printf("%lld records %lld bytes librdkafka %s\n", static_cast<long long>(seen), static_cast<long long>(bytes),
              rd_kafka_version_str());
  std::fflush(stdout);
  std::_Exit(0);  // what the client does at its end is not what is measured
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "fill" && argc == 7) {
    Fill(argv[2], argv[3], std::atoi(argv[4]), std::atoll(argv[5]), static_cast<size_t>(std::atoll(argv[6])));
  } else if (verb == "drain" && argc == 6) {
    Drain(argv[2], argv[3], std::atoi(argv[4]), std::atoll(argv[5]));
  } else {
    Die("usage: bench_rdkafka fill BOOTSTRAP TOPIC PARTITIONS RECORDS BYTES | drain BOOTSTRAP TOPIC PARTITIONS "
        "RECORDS");
  }
}
