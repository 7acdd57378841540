/** A command of WASI preview 1 that writes its standard input to its output, and `done` with a line's end to its errors. */
export const COPY = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 32) "done\\n")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 32768))
    (block $end (loop $next
      (br_if $end (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))
      (br_if $end (i32.eqz (i32.load (i32.const 16))))
      (i32.store (i32.const 8) (i32.const 1024))
      (i32.store (i32.const 12) (i32.load (i32.const 16)))
      (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 20)))
      (br $next)))
    (i32.store (i32.const 8) (i32.const 32))
    (i32.store (i32.const 12) (i32.const 5))
    (drop (call $write (i32.const 2) (i32.const 8) (i32.const 1) (i32.const 20)))))`;
