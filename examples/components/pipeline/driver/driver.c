// The world of driver.wit by hand. What a stage gives lies in our memory, by our own realloc, and is ours to free.
#include <stdint.h>
#include <stdlib.h>

#define IMPORT(interface, name) \
  __attribute__((import_module("demo:pipeline/" interface "@0.1.0"), import_name(name)))

typedef struct {
  void *at;
  size_t length;
} bytes;

// result<string, string>: either way a text.
typedef struct {
  uint8_t failed;
  bytes text;
} outcome;

IMPORT("data-source", "fetch-data") void fetch_data(const void *query, size_t length, bytes *reply);
IMPORT("data-transform", "transform") void transform(const void *input, size_t length, bytes *reply);
IMPORT("data-sink", "store") void store(const void *data, size_t length, outcome *reply);

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  void *room = size ? realloc(old, size) : (void *)align;
  if (!room) abort();
  return room;
}

static void release(bytes data) {
  if (data.length) free(data.at);
}

__attribute__((export_name("run"))) outcome *run(void *query, size_t length) {
  static outcome reply;
  bytes fetched, transformed;
  fetch_data(query, length, &fetched);
  transform(fetched.at, fetched.length, &transformed);
  store(transformed.at, transformed.length, &reply);
  release((bytes){query, length});
  release(fetched);
  release(transformed);
  return &reply;
}

__attribute__((export_name("cabi_post_run"))) void free_run(outcome *reply) { release(reply->text); }
