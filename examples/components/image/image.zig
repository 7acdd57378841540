//! The interface of image.wit by hand: filters that work in place, so that what comes in goes out again.
const std = @import("std");
const heap = std.heap.wasm_allocator;

const Bytes = extern struct { at: [*]u8, length: usize };
const interface = "demo:image/filter@0.1.0#";
var reply: Bytes = undefined;

/// Memory for what comes in: the caller asks for it before the call.
export fn cabi_realloc(old: [*]u8, old_size: usize, alignment: usize, size: usize) [*]u8 {
    if (size == 0) return @ptrFromInt(alignment);
    const room = if (old_size == 0) heap.alloc(u8, size) else heap.realloc(old[0..old_size], size);
    return (room catch @trap()).ptr;
}

fn grayscale(at: [*]u8, length: usize) callconv(.c) *Bytes {
    var i: usize = 0;
    while (i + 3 < length) : (i += 4) {
        const red: f32 = @floatFromInt(at[i]);
        const green: f32 = @floatFromInt(at[i + 1]);
        const blue: f32 = @floatFromInt(at[i + 2]);
        const gray: u8 = @intFromFloat(0.299 * red + 0.587 * green + 0.114 * blue + 0.5);
        @memset(at[i..][0..3], gray);
    }
    reply = .{ .at = at, .length = length };
    return &reply;
}

fn invert(at: [*]u8, length: usize) callconv(.c) *Bytes {
    for (at[0..length], 0..) |*byte, i| {
        if (i % 4 != 3) byte.* = 255 - byte.*;
    }
    reply = .{ .at = at, .length = length };
    return &reply;
}

/// Called when the caller has read the reply.
fn done(read: *Bytes) callconv(.c) void {
    heap.free(read.at[0..read.length]);
}

comptime {
    @export(&grayscale, .{ .name = interface ++ "grayscale" });
    @export(&invert, .{ .name = interface ++ "invert" });
    @export(&done, .{ .name = "cabi_post_" ++ interface ++ "grayscale" });
    @export(&done, .{ .name = "cabi_post_" ++ interface ++ "invert" });
}
