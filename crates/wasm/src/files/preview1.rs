//! Files of `wasi_snapshot_preview1`.

use wasmtime::{AsContextMut, Caller, Extern, Linker};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as own, WasiSnapshotPreview1};
use wiggle::GuestMemory;

use super::{Asked, Denials, Place, SHOWN};
use crate::wasi::ModuleState;

const MODULE: &str = "wasi_snapshot_preview1";
/// The number of the error that denies.
const PERM: i32 = 63;
const CREATE: i32 = 1;
const TRUNCATE: i32 = 8;
const WRITE: i64 = 1 << 6;

/// What is known of a run where something was denied.
struct Scene<'a> {
    wasi: &'a mut WasiP1Ctx,
    denials: &'a Denials,
    memory: &'a GuestMemory<'a>,
}

/// Where the answer to a question about a descriptor goes.
#[repr(align(8))]
struct Scratch([u8; 8]);

impl Scene<'_> {
    /// A directory and a path in it, of which the module said where it begins and how long it is.
    fn path(&mut self, directory: i32, at: i32, length: i32) -> (Place, String) {
        (self.place(directory), self.text(at, length))
    }

    fn text(&self, at: i32, length: i32) -> String {
        let GuestMemory::Unshared(bytes) = self.memory else { return String::new() };
        let (at, length) = (at.cast_unsigned() as usize, length.cast_unsigned() as usize);
        let bytes = at.checked_add(length).and_then(|end| bytes.get(at..end)).unwrap_or_default();
        // A line shows its beginning alone.
        String::from_utf8_lossy(&bytes[..bytes.len().min(2 * SHOWN)]).into_owned()
    }

    /// The grant whose directory a descriptor is, as wasmtime knows it: the module may have given it another number.
    fn place(&mut self, descriptor: i32) -> Place {
        let mut about = Scratch([0; 8]);
        let asked = own::fd_prestat_get(self.wasi, &mut GuestMemory::Unshared(&mut about.0), descriptor, 0);
        if !matches!(asked, Ok(0)) {
            return Place::Unknown;
        }
        let [.., a, b, c, d] = about.0;
        let length = i32::from_le_bytes([a, b, c, d]);
        let mut name = vec![0; usize::try_from(length).unwrap_or(0)];
        let asked = own::fd_prestat_dir_name(self.wasi, &mut GuestMemory::Unshared(&mut name), descriptor, 0, length);
        let is_named =
            |guest: &str| matches!(asked, Ok(0)) && (guest.as_bytes() == name || (guest.is_empty() && name == b"/"));
        let grant = self.denials.files.grants().position(|(guest, _)| is_named(&guest));
        grant.map_or(Place::Unknown, Place::Granted)
    }
}

/// A path that was denied.
fn one(what: &'static str, writes: bool, path: (Place, String)) -> Asked {
    Asked { what, writes, path, to: None }
}

/// Functions in the place of wasmtime's, which call these, and say what was asked for where it was denied.
macro_rules! shadow {
    ($linker:ident, |$scene:ident| $($name:ident($($arg:ident: $type:ty),*) $asked:expr;)*) => {
        $($linker.func_wrap_async(
            MODULE,
            stringify!($name),
            |mut caller: Caller<'_, ModuleState>, ($($arg,)*): ($($type,)*)| {
                Box::new(async move {
                    let fuel = caller.as_context_mut().hostcall_fuel();
                    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
                        return Err(wasmtime::Error::msg("missing required memory export"));
                    };
                    let (bytes, ModuleState { wasi, denials, .. }) = memory.data_and_store_mut(&mut caller);
                    let mut memory = GuestMemory::Unshared(bytes);
                    wasi.set_hostcall_fuel(fuel);
                    let error = own::$name(wasi, &mut memory $(, $arg)*).await?;
                    if error == PERM && denials.is_heard() {
                        let $scene = &mut Scene { wasi, denials, memory: &memory };
                        let asked = $asked;
                        denials.tell(&asked);
                    }
                    Ok(error)
                })
            },
        )?;)*
    };
}

/// Offers the functions that take a path, in the place of wasmtime's own.
pub(crate) fn link(linker: &mut Linker<ModuleState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    shadow! { linker, |scene|
        path_create_directory(fd: i32, path: i32, length: i32)
            one("creating the directory", true, scene.path(fd, path, length));
        path_filestat_get(fd: i32, flags: i32, path: i32, length: i32, stat: i32)
            one("looking at", false, scene.path(fd, path, length));
        path_filestat_set_times(fd: i32, flags: i32, path: i32, length: i32, accessed: i64, modified: i64, which: i32)
            one("setting the times of", true, scene.path(fd, path, length));
        path_link(fd: i32, flags: i32, path: i32, length: i32, to: i32, new: i32, new_length: i32)
            two("linking", scene.path(fd, path, length), scene.path(to, new, new_length));
        path_open(
            fd: i32, flags: i32, path: i32, length: i32, how: i32, rights: i64, inherited: i64, mode: i32, opened: i32
        ) {
            let writes = how & (CREATE | TRUNCATE) != 0 || rights & WRITE != 0;
            one(if writes { "opening for writing" } else { "opening" }, writes, scene.path(fd, path, length))
        };
        path_readlink(fd: i32, path: i32, length: i32, text: i32, most: i32, used: i32)
            one("reading the link", false, scene.path(fd, path, length));
        path_remove_directory(fd: i32, path: i32, length: i32)
            one("removing the directory", true, scene.path(fd, path, length));
        path_rename(fd: i32, path: i32, length: i32, to: i32, new: i32, new_length: i32)
            two("renaming", scene.path(fd, path, length), scene.path(to, new, new_length));
        path_symlink(leads_to: i32, leads_length: i32, fd: i32, path: i32, length: i32)
            one("making the link", true, scene.path(fd, path, length));
        path_unlink_file(fd: i32, path: i32, length: i32)
            one("removing", true, scene.path(fd, path, length));
    }
    linker.allow_shadowing(false);
    Ok(())
}

fn two(what: &'static str, path: (Place, String), to: (Place, String)) -> Asked {
    Asked { what, writes: true, path, to: Some(to) }
}
