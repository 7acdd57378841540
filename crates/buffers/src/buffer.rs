//! A stored buffer: bytes that never change again, what is known about them, and the reservation that pays.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::account::PaidBlock;

/// What is known about a buffer's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Bytes in the buffer.
    pub byte_length: usize,
    /// Pixels a row, where the bytes are a picture.
    pub width: Option<u32>,
    /// Rows, where the bytes are a picture.
    pub height: Option<u32>,
    /// `rgba8` for pixels; `png`, `jpeg` or `gzip` for what an encoder made.
    pub format: Option<&'static str>,
}

/// The format of pixels: red, green, blue, alpha, one byte each, rows without padding.
pub(crate) const RGBA8: &str = "rgba8";
/// The same without alpha.
pub(crate) const RGB8: &str = "rgb8";

impl Info {
    pub(crate) fn bytes(byte_length: usize) -> Info {
        Info { byte_length, ..Info::default() }
    }

    pub(crate) fn pixels(width: u32, height: u32) -> Info {
        let byte_length = width as usize * height as usize * 4;
        Info { byte_length, width: Some(width), height: Some(height), format: Some(RGBA8) }
    }
}

#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) paid: PaidBlock,
    pub(crate) info: Info,
    made: Made,
}

impl Buffer {
    pub(crate) fn new(paid: PaidBlock, info: Info) -> Arc<Buffer> {
        Arc::new(Buffer { paid, info, made: Made::default() })
    }
}

/// What somebody made from the bytes.
#[derive(Debug, Default)]
struct Made(Mutex<Option<Weak<dyn Any + Send + Sync>>>);

impl Made {
    fn lock(&self) -> MutexGuard<'_, Option<Weak<dyn Any + Send + Sync>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stored buffer, lent: its bytes stay, unchanged and paid for, until the last loan ends, whatever happens to the id meanwhile.
#[derive(Clone, Debug)]
pub struct Lent(pub(crate) Arc<Buffer>);

impl Lent {
    /// What was last made from these bytes, which never change, where it is of this type and somebody keeps it still.
    pub fn made<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.0.made.lock().as_ref()?.upgrade()?.downcast().ok()
    }

    /// Says what was made from these bytes, such as code, for whoever is lent them next. The buffer does not keep it.
    pub fn set_made<T: Any + Send + Sync>(&self, made: &Arc<T>) {
        let made: Arc<dyn Any + Send + Sync> = made.clone();
        *self.0.made.lock() = Some(Arc::downgrade(&made));
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0.paid.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    #[test]
    fn what_was_made_from_a_buffer_is_found_as_long_as_somebody_keeps_it() {
        let store = Store::new(1 << 10);
        let id = store.put_copy(b"code").unwrap();
        let (made, lent) = (Arc::new(7u32), store.lend(id).unwrap());
        lent.set_made(&made);
        assert_eq!(store.lend(id).unwrap().made::<u32>().as_deref(), Some(&7));
        assert_eq!(lent.made::<u64>(), None);
        drop(made);
        assert_eq!(lent.made::<u32>(), None);
    }
}
