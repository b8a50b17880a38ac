// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
//
// 'connector' = 'filesystem' as a source: a file, or the files of a folder, of one record per line. A split is a file;
// its position is "offset=<bytes>;inode=<inode>;tail=<hash of the up to 4 KiB before the offset>"
// (docs/formats/file-positions.md), so that a file that was shortened or replaced is a gap and never read on by
// mistake. With 'semel.filesystem.follow' files grow and lines appear at their ends; only complete lines are records,
// an unterminated last line counts at a bounded end only.
#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "base/utf8.h"
#include "codec/hash.h"
#include "connectors/filesystem/register.h"

namespace semel::connectors {

namespace {

inline constexpr ErrorCode kFileGap{5201, ExitCode::kData, "file does not continue the checkpoint"};
inline constexpr ErrorCode kBadFilePosition{5202, ExitCode::kData, "unreadable file position"};
inline constexpr ErrorCode kNoInputFile{5203, ExitCode::kNoInput, "input file is missing"};
inline constexpr ErrorCode kLineTooLong{5204, ExitCode::kData, "line too long"};

constexpr size_t kChunkBytes = 1 << 20;
constexpr size_t kMaxLineBytes = 64 << 20;
constexpr size_t kTailBytes = 4096;
constexpr size_t kPadding = 64;

struct FilePosition {
  uint64_t offset = 0;
  std::string inode;  // empty: not opened yet
  uint64_t tail = 0;

  std::string ToString() const { return fmt::format("offset={};inode={};tail={:016x}", offset, inode, tail); }
  static Result<FilePosition> Parse(const std::string& text) {
    FilePosition p;
    const std::vector<std::string> parts = Split(text, ';');
    if (parts.size() != 3 || parts[0].rfind("offset=", 0) != 0 || parts[1].rfind("inode=", 0) != 0 ||
        parts[2].rfind("tail=", 0) != 0)
      return Status::Corrupt(kBadFilePosition, fmt::format("'{}' is no position in a file", text),
                             "the checkpoint is of another version or damaged");
    p.offset = std::strtoull(parts[0].c_str() + 7, nullptr, 10);
    p.inode = parts[1].substr(std::max<size_t>(6, parts[1].find(':') + 1));  // once "<device>:<inode>"
    p.tail = std::strtoull(parts[2].c_str() + 5, nullptr, 16);
    return p;
  }
};

Result<uint64_t> TailHash(env::File& file, uint64_t offset) {
  const uint64_t length = std::min<uint64_t>(offset, kTailBytes);
  SEMEL_ASSIGN_OR_RETURN(std::string tail, file.ReadAt(offset - length, length));
  return codec::Xxh3(tail);
}

uint64_t EndOffset(const SplitProgress& split) { return std::strtoull(split.end.c_str() + 7, nullptr, 10); }

Status Gap(const std::string& path, std::string what) {
  return Status::Invalid(kFileGap, fmt::format("{}: {}", path, what),
                         "restore the file as it was, or start over with --fresh; rows that were read are in the "
                         "output, nothing is skipped silently");
}

// The file of a split, which must go on from where the split stands: present, not shorter, and with the same bytes
// before the position.
Result<std::unique_ptr<env::File>> OpenAt(env::Env& env, const SplitProgress& split, const FilePosition& position) {
  Result<std::unique_ptr<env::File>> file = env.files().OpenRead(split.split);
  if (file.status().is(StatusKind::kNotFound))
    return Gap(split.split, fmt::format("the file is gone; {} bytes of it were read", position.offset));
  if (!file.ok()) return file.status();
  SEMEL_ASSIGN_OR_RETURN(uint64_t size, (*file)->Size());
  if (size < position.offset)
    return Gap(split.split,
               fmt::format("it has {} bytes, {} were read already: it was shortened", size, position.offset));
  if (position.inode.empty() || position.offset == 0) return file;
  SEMEL_ASSIGN_OR_RETURN(const std::string inode, (*file)->Identity());
  SEMEL_ASSIGN_OR_RETURN(const uint64_t tail, TailHash(**file, position.offset));
  if (tail != position.tail || position.inode != inode)
    return Gap(split.split,
               fmt::format("what stands before byte {} is not what was read: it was replaced", position.offset));
  return file;
}

// One file being read. Owned by the reader.
struct OpenFile {
  std::string path;
  std::unique_ptr<env::File> file;  // null: read to its end, which only has to be told
  std::string inode;
  uint64_t offset = 0;          // of the next record
  std::optional<uint64_t> end;  // bounded: reading stops there
  size_t want = kChunkBytes;    // grows for a line that does not fit
  std::string recent;           // the up to 4 KiB before `offset`
  size_t records = 0;           // in the last chunk: the next one has about as many
  bool finished = false;
  std::string told;  // position, where there is no file
};

class FileReader final : public SourceReader {
 public:
  explicit FileReader(env::Env& env) : env_(env) {}

  Status AddSplits(const std::vector<SplitProgress>& splits) override {
    for (const SplitProgress& split : splits) SEMEL_RETURN_IF_ERROR(Open(split));
    return Status::Ok();
  }

  Result<std::optional<Chunk>> Poll(Micros) override {
    for (size_t i = 0; i < files_.size(); ++i) {
      OpenFile& file = files_[next_++ % files_.size()];
      if (file.finished) continue;
      SEMEL_ASSIGN_OR_RETURN(std::optional<Chunk> chunk, Read(file));
      if (chunk) return chunk;
    }
    return std::optional<Chunk>();
  }

  Status AppendMetadata(const std::string& key, const Chunk& chunk, std::span<const uint32_t> records,
                        columnar::ColumnBuilder& out) override {
    if (key != "file.path" && key != "file.name") return SourceReader::AppendMetadata(key, chunk, records, out);
    const std::string_view path = chunk.split;
    const std::string value = Utf8FromBytes(key == "file.path" ? path : path.substr(path.find_last_of('/') + 1));
    for (size_t i = 0; i < records.size(); ++i) out.AppendString(value);
    return Status::Ok();
  }
  std::vector<SplitLag> Lag() override {  // a file tells its bytes, not its records
    std::vector<SplitLag> lag;
    for (const OpenFile& file : files_) lag.push_back({file.path, -1});
    return lag;
  }
  void Close() override {}

 private:
  // A file that was read to its end is not looked at: it may be gone, and nothing more is needed of it.
  Status Open(const SplitProgress& split) {
    OpenFile file;
    file.path = split.split;
    SEMEL_ASSIGN_OR_RETURN(FilePosition position, FilePosition::Parse(split.position));
    file.offset = position.offset;
    if (!split.end.empty()) file.end = EndOffset(split);
    file.finished = split.finished;
    if (!file.finished && file.end != file.offset) {
      SEMEL_ASSIGN_OR_RETURN(file.file, OpenAt(env_, split, position));
      SEMEL_ASSIGN_OR_RETURN(file.inode, file.file->Identity());
      const uint64_t length = std::min<uint64_t>(position.offset, kTailBytes);
      SEMEL_ASSIGN_OR_RETURN(file.recent, file.file->ReadAt(position.offset - length, length));
    } else {
      file.told = split.position;
    }
    files_.push_back(std::move(file));
    return Status::Ok();
  }

  Result<std::optional<Chunk>> Read(OpenFile& file) {
    if (file.file == nullptr) return TellEnd(file);
    const uint64_t limit = file.end ? *file.end - std::min(*file.end, file.offset) : UINT64_MAX;
    const size_t want = static_cast<size_t>(std::min<uint64_t>(file.want, limit));
    const std::shared_ptr<char[]> buffer = std::make_shared_for_overwrite<char[]>(want + kPadding);
    SEMEL_ASSIGN_OR_RETURN(size_t n, file.file->ReadInto(file.offset, std::span<char>(buffer.get(), want)));
    const bool at_end = file.end && file.offset + n >= *file.end;
    if (n == 0 && !at_end) return EndOfFile(file);
    Chunk chunk;
    chunk.records.reserve(file.records);
    size_t used = SplitLines({buffer.get(), n}, file.offset, chunk.records);
    file.records = chunk.records.size();
    if (at_end && used < n) {  // the last line of a bounded file need not be terminated
      AddRecord(buffer.get() + used, n - used, file.offset + used, chunk.records);
      used = n;
    }
    if (used == 0 && !at_end) {
      if (n < want) return EndOfFile(file);  // within a line
      if (file.want >= kMaxLineBytes)
        return Status::Invalid(kLineTooLong,
                               fmt::format("{}: the line at byte {} is longer than 64 MiB", file.path, file.offset),
                               "one record per line is expected");
      file.want *= 2;
      return Read(file);
    }
    file.want = kChunkBytes;
    file.offset += used;
    const size_t tail = std::min(used, kTailBytes);
    if (file.recent.size() + tail > kTailBytes) file.recent.erase(0, file.recent.size() + tail - kTailBytes);
    file.recent.append(buffer.get() + used - tail, tail);
    file.finished = at_end && file.offset >= *file.end;
    chunk.split = file.path;
    chunk.position_after = FilePosition{file.offset, file.inode, codec::Xxh3(file.recent)}.ToString();
    chunk.buffer = buffer;
    chunk.at_end = file.finished;
    return std::optional<Chunk>(std::move(chunk));
  }

  static std::optional<Chunk> TellEnd(OpenFile& file) {
    Chunk chunk;
    chunk.split = file.path;
    chunk.position_after = file.told;
    chunk.at_end = file.finished = true;
    return chunk;
  }

  // The file gives no whole line now: it may still grow, but not where it was longer before.
  static Result<std::optional<Chunk>> EndOfFile(const OpenFile& file) {
    SEMEL_ASSIGN_OR_RETURN(uint64_t size, file.file->Size());
    if (size < file.offset)
      return Gap(file.path, fmt::format("it was shortened to {} bytes while being read at {}", size, file.offset));
    if (file.end && size < *file.end)
      return Gap(file.path, fmt::format("it ends at {}, before its resolved end {}", size, *file.end));
    return std::optional<Chunk>();
  }

  static void AddRecord(const char* data, size_t size, uint64_t position, std::vector<formats::Record>& records) {
    if (size > 0 && data[size - 1] == '\r') --size;
    if (size == 0) return;  // an empty line is no record
    formats::Record record;
    record.value = std::string_view(data, size);
    record.position = static_cast<int64_t>(position);
    records.push_back(record);
  }

  static size_t SplitLines(std::string_view buffer, uint64_t offset, std::vector<formats::Record>& records) {
    const size_t n = buffer.size();
    size_t begin = 0;
    while (begin < n) {
      const void* newline = std::memchr(buffer.data() + begin, '\n', n - begin);
      if (newline == nullptr) break;
      const size_t end = static_cast<size_t>(static_cast<const char*>(newline) - buffer.data());
      AddRecord(buffer.data() + begin, end - begin, offset + begin, records);
      begin = end + 1;
    }
    return begin;
  }

  env::Env& env_;
  std::vector<OpenFile> files_;
  size_t next_ = 0;
};

class FilesystemSource final : public Source {
 public:
  FilesystemSource(env::Env& env, std::string source, std::string path, bool follow)
      : env_(env), source_(std::move(source)), path_(std::move(path)), follow_(follow) {}

  bool is_bounded() const override { return !follow_; }

  Result<std::vector<SplitProgress>> ResolveSplits(bool bounded) override {
    SEMEL_ASSIGN_OR_RETURN(std::vector<std::string> paths, Paths());
    std::vector<SplitProgress> splits;
    for (const std::string& path : paths)
      splits.push_back({source_, path, FilePosition{}.ToString(), "", checkpoint::kNoWatermark, false});
    if (bounded) SEMEL_RETURN_IF_ERROR(ResolveEnds(splits));
    if (bounded && splits.empty())  // it will have finished for good
      env_.Log(env::LogLevel::kWarning,
               fmt::format("there is no file in '{}': the table is empty and ends here", path_));
    return splits;
  }

  Status ResolveEnds(std::vector<SplitProgress>& splits) override {
    for (SplitProgress& split : splits) {
      if (!split.end.empty()) continue;
      // An end may be where the split stands, and then nobody looks at the file again: whether it is the one that was
      // read is asked here.
      SEMEL_ASSIGN_OR_RETURN(FilePosition position, FilePosition::Parse(split.position));
      SEMEL_ASSIGN_OR_RETURN(std::unique_ptr<env::File> file, OpenAt(env_, split, position));
      SEMEL_ASSIGN_OR_RETURN(uint64_t size, file->Size());
      split.end = fmt::format("offset={}", size);
    }
    return Status::Ok();
  }

  Result<std::vector<SplitProgress>> DiscoverSplits(const std::vector<SplitProgress>& known) override {
    if (!follow_) return std::vector<SplitProgress>{};
    SEMEL_ASSIGN_OR_RETURN(std::vector<SplitProgress> all, ResolveSplits(false));
    std::erase_if(all, [&known](const SplitProgress& split) {
      return std::any_of(known.begin(), known.end(), [&split](const SplitProgress& k) {
        return k.source == split.source && k.split == split.split;
      });
    });
    return all;
  }

  Result<std::unique_ptr<SourceReader>> CreateReader(const std::vector<SplitProgress>& splits) override {
    auto reader = std::make_unique<FileReader>(env_);
    SEMEL_RETURN_IF_ERROR(reader->AddSplits(splits));
    return std::unique_ptr<SourceReader>(std::move(reader));
  }

  Status Acknowledge(const std::vector<SplitProgress>&) override { return Status::Ok(); }
  Result<std::string> Identity() override { return std::string(); }
  Status CheckReachable() override {
    SEMEL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Paths());
    for (const std::string& path : paths) SEMEL_RETURN_IF_ERROR(env_.files().OpenRead(path).status());
    return Status::Ok();
  }

 private:
  Result<std::vector<std::string>> Paths() {
    Result<env::FileInfo> info = env_.files().Stat(path_);
    if (info.status().is(StatusKind::kNotFound))
      return Status::NotFound(kNoInputFile, fmt::format("there is no '{}'", path_), "check the option 'path'");
    if (!info.ok()) return info.status();
    if (!info->is_directory) return std::vector<std::string>{path_};
    SEMEL_ASSIGN_OR_RETURN(std::vector<env::FileInfo> files, env_.files().List(path_));
    std::vector<std::string> paths;
    for (const env::FileInfo& file : files)  // hidden files and folders are not input, as in Flink
      if (!file.is_directory && file.name[0] != '.' && file.name[0] != '_') paths.push_back(path_ + "/" + file.name);
    return paths;
  }

  env::Env& env_;
  const std::string source_;
  const std::string path_;
  const bool follow_;
};

std::string LocalPath(std::string uri) {
  if (uri.rfind("file:", 0) == 0) {
    uri = uri.substr(5);
    while (uri.rfind("//", 0) == 0) uri.erase(0, 1);
  }
  while (uri.size() > 1 && uri.back() == '/') uri.pop_back();
  return uri;
}

}  // namespace

void RegisterFilesystem(Registry& registry) {
  Connector connector;
  connector.name = "filesystem";
  connector.has_source = true;
  connector.source_options = {{"path", true, false, "a file or folder, as a path or file: URI"},
                              {"format", true, false, "json"},
                              {"json.*", false, false, "options of the format"},
                              {"source.monitor-interval", false, true, "use SET 'semel.filesystem.follow'"}};
  connector.metadata = {{"file.path", columnar::DataType::String(columnar::kUnboundedLength, false)},
                        {"file.name", columnar::DataType::String(columnar::kUnboundedLength, false)}};
  connector.make_source = [](const ConnectorContext& context,
                             const plan::ScanSpec& spec) -> Result<std::unique_ptr<Source>> {
    if (!spec.table->partitioned_by.empty())
      return Status::NotSupported(
          fmt::format("reading '{}', which is PARTITIONED BY, is not supported yet", spec.table->name),
          "leave PARTITIONED BY out where the columns stand in the records, not in the names of folders");
    auto follow = context.settings.find("semel.filesystem.follow");
    return std::unique_ptr<Source>(
        std::make_unique<FilesystemSource>(*context.env, context.node_id, LocalPath(spec.table->options.at("path")),
                                           follow != context.settings.end() && ToLowerAscii(follow->second) == "true"));
  };
  registry.Add(std::move(connector));
}

}  // namespace semel::connectors
