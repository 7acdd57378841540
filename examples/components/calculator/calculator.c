// The interface of calculator.wit by hand. The canonical ABI lays values out as C does for wasm32, so that structs are
// the types: a variant without payloads is one byte, a string an address and a length.
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name("demo:calc/calculator@0.1.0#" name)))
#define FREES(name) __attribute__((export_name("cabi_post_demo:calc/calculator@0.1.0#" name)))

typedef enum : uint8_t { ADD, SUBTRACT, MULTIPLY, DIVIDE } operation;

typedef struct {
  operation operation;
  double left, right;
} calculation;

typedef struct {
  bool failed;
  union {
    double value;
    struct {
      const char *text;
      size_t length;
    } error;
  };
} outcome;

typedef struct {
  calculation calculation;
  outcome outcome;
} entry;

typedef struct {
  void *items;
  size_t count;
} list;

enum { KEPT = 100 };
static calculation last[KEPT];
static size_t count;

static outcome outcome_of(calculation c) {
  if (c.operation == DIVIDE && c.right == 0) return (outcome){true, .error = {"division by zero", 16}};
  double value = c.operation == ADD        ? c.left + c.right
                 : c.operation == SUBTRACT ? c.left - c.right
                 : c.operation == MULTIPLY ? c.left * c.right
                                           : c.left / c.right;
  return (outcome){false, .value = value};
}

static outcome calculate(calculation c) {
  last[count++ % KEPT] = c;
  return outcome_of(c);
}

// Memory for what comes in: the caller asks for it before the call, and the function that gets it frees it.
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  void *room = size ? realloc(old, size) : (void *)align;
  if (!room) abort();
  return room;
}

// What does not fit into one number is returned by its address.
EXPORT("calculate") outcome *export_calculate(uint32_t operation, double left, double right) {
  static outcome reply;
  reply = calculate((calculation){operation, left, right});
  return &reply;
}

static list reply;

static void *room(size_t items, size_t size) { return cabi_realloc(NULL, 0, 8, items * size); }

EXPORT("batch") list *batch(calculation *calculations, size_t length) {
  outcome *outcomes = room(length, sizeof *outcomes);
  for (size_t i = 0; i < length; i++) outcomes[i] = calculate(calculations[i]);
  if (length) free(calculations);
  reply = (list){outcomes, length};
  return &reply;
}

EXPORT("history") list *history(void) {
  size_t length = count < KEPT ? count : KEPT;
  entry *entries = room(length, sizeof *entries);
  for (size_t i = 0; i < length; i++) {
    calculation c = last[(count - length + i) % KEPT];
    entries[i] = (entry){c, outcome_of(c)};
  }
  reply = (list){entries, length};
  return &reply;
}

// Called when the caller has read the reply.
FREES("batch") void free_batch(list *reply) { if (reply->count) free(reply->items); }
FREES("history") void free_history(list *reply) { if (reply->count) free(reply->items); }
