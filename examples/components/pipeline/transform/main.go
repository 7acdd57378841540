// The second stage of the pipeline: capitals, in reverse. Its exports follow the canonical ABI by hand, so that it needs
// nothing but Go itself: what comes in was allocated by realloc, what goes out is freed by the function cabi_post.
package main

import (
	"bytes"
	"slices"
	"unsafe"
)

// What the caller holds addresses of; the garbage collector must not take it.
var held = map[uint32][]byte{}

func address(data []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(data)))) }

func hold(data []byte) uint32 {
	held[address(data)] = data
	return address(data)
}

//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	if size == 0 {
		return align
	}
	data := make([]byte, size)
	copy(data, held[old])
	delete(held, old)
	return hold(data)
}

// A list<u8> as the caller reads it: where it lies, and how long it is.
var reply [2]uint32

//go:wasmexport demo:pipeline/data-transform@0.1.0#transform
func transform(input, length uint32) uint32 {
	data := bytes.ToUpper(held[input])
	slices.Reverse(data)
	delete(held, input)
	reply = [2]uint32{hold(data), length}
	return uint32(uintptr(unsafe.Pointer(&reply)))
}

//go:wasmexport cabi_post_demo:pipeline/data-transform@0.1.0#transform
func transformed(uint32) { delete(held, reply[0]) }

func main() {}
