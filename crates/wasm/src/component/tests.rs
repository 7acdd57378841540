use std::io::{Read, Seek, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;
use crate::limits::MemoryAccount;

struct Unbounded;

impl MemoryAccount for Unbounded {
    fn reserve(&mut self, _: usize) -> bool {
        true
    }
}

const DOUBLE: &str = r#"(component
  (core module $m (func (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1))))
  (core instance $i (instantiate $m))
  (func (export "double") (param "n" u32) (result u32) (canon lift (core func $i "double"))))"#;

fn double(component: &Component) -> u8 {
    let instance = component.instantiate(InstanceOptions::new(Box::new(Unbounded))).expect("an instance");
    instance.call(0, &21u64.to_le_bytes(), &hostbox_buffers::Cancel::new(), |answer| answer[16]).expect("an answer")
}

fn reload(component: &Component, bytes: &[u8], fitting: &Key) -> Option<Component> {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(bytes).and_then(|()| file.rewind()).expect("a file that can be written");
    load(file, fitting, component.0.content, &component.0.source, component.0.options)
}

fn read(cache: &CodeCache, key: &Key) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    cache.find(key)?.read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[test]
fn code_that_was_written_down_runs_and_code_that_was_changed_is_not_loaded() {
    let component = Component::compile(DOUBLE.as_bytes(), CodeOptions::default()).unwrap();
    let (_, bytes) = component.precompile().unwrap();
    let fitting = artifact::fitting(&component.0.content, &component.0.machine.engine);
    let loaded = reload(&component, &bytes, &fitting).expect("what was written");
    assert_eq!((double(&loaded), loaded.shape(), loaded.wit()), (42, component.shape(), component.wit()));
    for index in (0..bytes.len()).step_by(bytes.len() / 200) {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert!(reload(&component, &changed, &fitting).is_none(), "byte {index}");
        assert!(reload(&component, &bytes[..index], &fitting).is_none(), "{index} bytes");
    }
    assert!(reload(&component, &bytes, &[0; 32]).is_none());
}

#[test]
fn code_fits_one_content_and_one_engine() {
    let engine = |fuel| {
        &Machine::for_components(CodeOptions { fuel, ..CodeOptions::default() }, Stack::default()).unwrap().engine
    };
    let plain = artifact::fitting(&[1; 32], engine(false));
    assert_eq!(plain, artifact::fitting(&[1; 32], engine(false)));
    assert_ne!(plain, artifact::fitting(&[2; 32], engine(false)));
    assert_ne!(plain, artifact::fitting(&[1; 32], engine(true)));
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a file of ours");
}

#[test]
fn a_directory_that_others_may_write_keeps_no_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("code");
    CodeCache::open(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    for mode in [0o777, 0o770, 0o702] {
        set_mode(&path, mode);
        let error = CodeCache::open(&path).unwrap_err();
        assert!(error.code() == "ERR_PERMISSION" && error.to_string().contains("others may write it"), "{error}");
    }
    set_mode(&path, 0o700);
    symlink(&path, folder.path().join("link")).unwrap();
    assert_eq!(CodeCache::open(folder.path().join("link")).unwrap_err().code(), "ERR_PERMISSION");
}

#[test]
fn a_file_that_others_may_write_or_that_is_a_link_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CodeCache::open(folder.path().join("code")).unwrap();
    let key = [7; 32];
    cache.write(&key, b"code");
    assert_eq!(read(&cache, &key).as_deref(), Some(&b"code"[..]));
    let file = cache.path().join(cache::file_name(&key));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    set_mode(&file, 0o620);
    assert_eq!(read(&cache, &key), None);
    std::fs::write(cache.path().join("elsewhere"), "code").unwrap();
    std::fs::remove_file(&file).unwrap();
    symlink(cache.path().join("elsewhere"), &file).unwrap();
    assert_eq!(read(&cache, &key), None);
    // A directory that was opened to others since then.
    let other = [8; 32];
    cache.write(&other, b"code");
    set_mode(cache.path(), 0o777);
    assert_eq!(read(&cache, &other), None);
}

#[test]
fn what_was_compiled_is_in_the_directory_and_is_taken_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let cache = CodeCache::open(folder.path().join("code")).unwrap();
    let text = format!(";; only here\n{DOUBLE}");
    let component = Component::compile_cached(text, CodeOptions::default(), Some(&cache)).unwrap();
    let (name, bytes) = component.precompile().unwrap();
    assert!(cache.path().join(name).exists());
    let fitting = artifact::fitting(&component.0.content, &component.0.machine.engine);
    assert_eq!(double(&reload(&component, &read(&cache, &fitting).unwrap(), &fitting).unwrap()), 42);
    assert!(read(&cache, &fitting).unwrap().len() == bytes.len());
}

fn call(component: &Component, limits: crate::Limits, argument: u64) -> Result<u8> {
    let instance = component.instantiate(InstanceOptions { limits, ..InstanceOptions::new(Box::new(Unbounded)) })?;
    instance.call(0, &argument.to_le_bytes(), &hostbox_buffers::Cancel::new(), |answer| answer[16])
}

fn baseline() -> CodeOptions {
    CodeOptions { baseline: true, ..CodeOptions::default() }
}

#[test]
fn quick_code_answers_first_and_the_optimizing_compilers_takes_its_place() {
    let text = format!(";; quick\n{DOUBLE}");
    let component = Component::compile(text.as_bytes(), baseline()).unwrap();
    assert!(component.0.options.baseline);
    let early = component.instantiate(InstanceOptions::new(Box::new(Unbounded))).unwrap();
    assert_eq!(double(&component), 42);
    while !component.is_optimized() {
        std::thread::yield_now();
    }
    let better = component.for_instance(None).unwrap();
    assert!(!better.0.options.baseline && !Arc::ptr_eq(&better.0, &component.0));
    assert_eq!(double(&component), 42);
    // What was instantiated before goes on.
    let cancel = hostbox_buffers::Cancel::new();
    assert_eq!(early.call(0, &4u64.to_le_bytes(), &cancel, |answer| answer[16]), Ok(8));
}

#[test]
fn who_asks_without_baseline_gets_the_optimizing_compilers_code_at_once() {
    let text = format!(";; both\n{DOUBLE}");
    let quick = Component::compile(text.as_bytes(), baseline()).unwrap();
    let other = Component::compile(text.as_bytes(), CodeOptions::default()).unwrap();
    assert!(!other.0.options.baseline && other.is_optimized() && quick.is_optimized());
    assert_eq!(quick.precompile().unwrap(), other.precompile().unwrap());
}

#[test]
fn what_the_quick_compiler_does_not_know_is_compiled_as_without() {
    let tail = DOUBLE.replace("(i32.shl (local.get 0) (i32.const 1))", "(return_call $twice (local.get 0))").replace(
        "(core module $m",
        "(core module $m (func $twice (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))",
    );
    let component = Component::compile(tail.as_bytes(), baseline()).unwrap();
    assert!(!component.0.options.baseline && component.is_optimized());
    assert_eq!(double(&component), 42);
    let options = CodeOptions { canonicalize_nans: true, ..baseline() };
    assert!(!Component::compile(DOUBLE.as_bytes(), options).unwrap().0.options.baseline);
}

#[test]
fn an_instance_has_the_stack_that_it_was_given() {
    let text = DOUBLE.replace("(i32.shl (local.get 0) (i32.const 1))", "(call $down (local.get 0))").replace(
        "(core module $m",
        "(core module $m (func $down (param i32) (result i32) (if (result i32) (local.get 0)
           (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))",
    );
    let limits = |stack_bytes| crate::Limits { stack_bytes, ..crate::Limits::default() };
    for options in [CodeOptions::default(), baseline()] {
        let component = Component::compile(text.as_bytes(), options).unwrap();
        let code = |stack, depth| call(&component, limits(stack), depth).map_err(|error| error.to_string());
        for stack in [Some(64 << 10), None, Some(4 << 20), Some(3 << 20)] {
            assert_eq!(code(stack, 200), Ok(200), "{stack:?}");
        }
        for (stack, depth) in [(Some(64 << 10), 10_000), (None, 100_000)] {
            assert!(code(stack, depth).is_err_and(|error| error.contains("call stack exhausted")), "{stack:?}");
        }
        // 256 × 40 + 1 frames come back as the lowest byte.
        assert_eq!(code(Some(4 << 20), 40_961), Ok(1));
    }
}
