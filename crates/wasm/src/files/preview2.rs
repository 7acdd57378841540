//! `wasi:filesystem` of preview 2.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream, ErrorCode,
    Filesize, HostDescriptor, HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::{Asked, Denials, Place};

/// What a store's data has for the functions of this module.
pub(crate) trait Denied: WasiView + 'static {
    fn files(&mut self) -> View<'_>;
}

/// The files of one run, and who hears of denials.
pub(crate) struct View<'a> {
    pub(crate) denials: &'a mut Denials,
    pub(crate) wasi: WasiCtxView<'a>,
}

struct HasFiles;

impl HasData for HasFiles {
    type Data<'a> = View<'a>;
}

impl WasiView for View<'_> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: self.wasi.ctx, table: self.wasi.table }
    }
}

/// Offers `wasi:filesystem`, in the place of wasmtime's own.
pub(crate) fn link<T: Denied>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    preopens::add_to_linker::<T, HasFiles>(linker, T::files)?;
    types::add_to_linker::<T, HasFiles>(linker, T::files)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl View<'_> {
    fn place(&self, descriptor: &Resource<Descriptor>) -> Place {
        self.denials.known.get(&descriptor.rep()).copied().unwrap_or(Place::Unknown)
    }

    /// What is asked for at a path, where anybody hears of it.
    fn asked(&self, what: &'static str, writes: bool, at: &Resource<Descriptor>, path: &str) -> Option<Asked> {
        let is_heard = self.denials.is_heard();
        is_heard.then(|| Asked { what, writes, path: (self.place(at), path.to_owned()), to: None })
    }

    fn asked_of_file(&self, what: &'static str, file: &Resource<Descriptor>) -> Option<Asked> {
        self.asked(what, true, file, "")
    }

    /// Hands on an answer, and tells of it where it denies.
    fn answered<R>(&mut self, answer: FsResult<R>, asked: Option<Asked>) -> FsResult<R> {
        if let (Err(error), Some(asked)) = (&answer, asked)
            && let Some(ErrorCode::NotPermitted) = error.downcast_ref()
        {
            self.denials.tell(&asked);
        }
        answer
    }
}

impl preopens::Host for View<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let directories = preopens::Host::get_directories(&mut self.filesystem())?;
        if self.denials.is_heard() {
            // They come in the order of the grants.
            let known = directories.iter().enumerate().map(|(grant, (own, _))| (own.rep(), Place::Granted(grant)));
            self.denials.known.extend(known);
        }
        Ok(directories)
    }
}

impl types::Host for View<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.filesystem().convert_error_code(error)
    }

    fn filesystem_error_code(&mut self, error: Resource<wasmtime::Error>) -> wasmtime::Result<Option<ErrorCode>> {
        self.filesystem().filesystem_error_code(error)
    }
}

/// Functions that nothing is denied by, or nothing that the app did not hear of before.
macro_rules! hand_on {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&mut self, own: Resource<Descriptor>, $($arg: $type),*) -> $answer {
            HostDescriptor::$name(&mut self.filesystem(), own, $($arg),*).await
        })*
    };
}

/// Functions of a path, by what they do.
macro_rules! tell_of_paths {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty, $what:literal, $writes:literal, $path:ident;)*) => {
        $(async fn $name(&mut self, own: Resource<Descriptor>, $($arg: $type),*) -> FsResult<$answer> {
            let asked = self.asked($what, $writes, &own, &$path);
            let answer = HostDescriptor::$name(&mut self.filesystem(), own, $($arg),*).await;
            self.answered(answer, asked)
        })*
    };
}

/// Functions that write to an open file.
macro_rules! tell_of_files {
    ($($name:ident($($arg:ident: $type:ty),*) -> $answer:ty, $what:literal;)*) => {
        $(async fn $name(&mut self, own: Resource<Descriptor>, $($arg: $type),*) -> FsResult<$answer> {
            let asked = self.asked_of_file($what, &own);
            let answer = HostDescriptor::$name(&mut self.filesystem(), own, $($arg),*).await;
            self.answered(answer, asked)
        })*
    };
}

impl HostDescriptor for View<'_> {
    hand_on! {
        advise(offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()>;
        sync_data() -> FsResult<()>;
        get_flags() -> FsResult<DescriptorFlags>;
        get_type() -> FsResult<DescriptorType>;
        read(length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)>;
        read_directory() -> FsResult<Resource<DirectoryEntryStream>>;
        sync() -> FsResult<()>;
        stat() -> FsResult<DescriptorStat>;
        is_same_object(other: Resource<Descriptor>) -> wasmtime::Result<bool>;
        metadata_hash() -> FsResult<MetadataHashValue>;
        metadata_hash_at(flags: PathFlags, path: String) -> FsResult<MetadataHashValue>;
    }

    tell_of_paths! {
        create_directory_at(path: String) -> (), "creating the directory", true, path;
        stat_at(flags: PathFlags, path: String) -> DescriptorStat, "looking at", false, path;
        set_times_at(flags: PathFlags, path: String, accessed: NewTimestamp, modified: NewTimestamp) -> (), "setting the times of", true, path;
        readlink_at(path: String) -> String, "reading the link", false, path;
        remove_directory_at(path: String) -> (), "removing the directory", true, path;
        unlink_file_at(path: String) -> (), "removing", true, path;
    }

    tell_of_files! {
        set_size(size: Filesize) -> (), "setting the size of";
        set_times(accessed: NewTimestamp, modified: NewTimestamp) -> (), "setting the times of";
        write(bytes: Vec<u8>, offset: Filesize) -> Filesize, "writing to";
    }

    async fn open_at(
        &mut self,
        own: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let writes =
            open_flags.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE) || flags.contains(DescriptorFlags::WRITE);
        let asked = self.asked(if writes { "opening for writing" } else { "opening" }, writes, &own, &path);
        let place = self.place(&own).below();
        let answer = HostDescriptor::open_at(&mut self.filesystem(), own, path_flags, path, open_flags, flags).await;
        if let Ok(opened) = &answer
            && place != Place::Unknown
        {
            self.denials.known.insert(opened.rep(), place);
        }
        self.answered(answer, asked)
    }

    fn drop(&mut self, own: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.denials.known.remove(&own.rep());
        HostDescriptor::drop(&mut self.filesystem(), own)
    }

    async fn link_at(
        &mut self,
        own: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        directory: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        let to = (self.place(&directory), new.clone());
        let asked = self.asked("linking", true, &own, &path).map(|asked| Asked { to: Some(to), ..asked });
        let answer = HostDescriptor::link_at(&mut self.filesystem(), own, flags, path, directory, new).await;
        self.answered(answer, asked)
    }

    async fn rename_at(
        &mut self,
        own: Resource<Descriptor>,
        path: String,
        directory: Resource<Descriptor>,
        new: String,
    ) -> FsResult<()> {
        let to = (self.place(&directory), new.clone());
        let asked = self.asked("renaming", true, &own, &path).map(|asked| Asked { to: Some(to), ..asked });
        let answer = HostDescriptor::rename_at(&mut self.filesystem(), own, path, directory, new).await;
        self.answered(answer, asked)
    }

    async fn symlink_at(&mut self, own: Resource<Descriptor>, leads_to: String, path: String) -> FsResult<()> {
        // Where it leads is text: it is looked at when somebody follows it.
        let asked = self.asked("making the link", true, &own, &path);
        let answer = HostDescriptor::symlink_at(&mut self.filesystem(), own, leads_to, path).await;
        self.answered(answer, asked)
    }

    fn read_via_stream(&mut self, own: Resource<Descriptor>, offset: Filesize) -> FsResult<Resource<DynInputStream>> {
        HostDescriptor::read_via_stream(&mut self.filesystem(), own, offset)
    }

    fn write_via_stream(&mut self, own: Resource<Descriptor>, offset: Filesize) -> FsResult<Resource<DynOutputStream>> {
        let asked = self.asked_of_file("writing to", &own);
        let answer = HostDescriptor::write_via_stream(&mut self.filesystem(), own, offset);
        self.answered(answer, asked)
    }

    fn append_via_stream(&mut self, own: Resource<Descriptor>) -> FsResult<Resource<DynOutputStream>> {
        let asked = self.asked_of_file("appending to", &own);
        let answer = HostDescriptor::append_via_stream(&mut self.filesystem(), own);
        self.answered(answer, asked)
    }
}

impl HostDirectoryEntryStream for View<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        HostDirectoryEntryStream::read_directory_entry(&mut self.filesystem(), stream).await
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        HostDirectoryEntryStream::drop(&mut self.filesystem(), stream)
    }
}
