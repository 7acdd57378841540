//! The context of one operation with a key of AWS-LC.

use std::ffi::{c_int, c_void};
use std::ptr::{NonNull, null_mut};

use aws_lc_sys as lc;

/// What the library tells by 1; its list of errors is emptied, nobody reads it.
pub(crate) fn succeeded(status: c_int) -> Option<()> {
    if status == 1 {
        return Some(());
    }
    // SAFETY: touches the errors of this thread alone.
    unsafe { lc::ERR_clear_error() };
    None
}

/// The library's context of one operation.
pub(crate) struct Context(NonNull<lc::EVP_PKEY_CTX>);

impl Context {
    /// One for work with a key.
    ///
    /// # Safety
    /// A live key. The context takes a reference of its own.
    pub(crate) unsafe fn of(key: NonNull<lc::EVP_PKEY>) -> Option<Self> {
        // SAFETY: the caller's.
        NonNull::new(unsafe { lc::EVP_PKEY_CTX_new(key.as_ptr(), null_mut()) }).map(Self)
    }

    /// One for keys of a kind, by its number.
    pub(crate) fn of_kind(id: c_int) -> Option<Self> {
        // SAFETY: makes a context, or none.
        NonNull::new(unsafe { lc::EVP_PKEY_CTX_new_id(id, null_mut()) }).map(Self)
    }

    pub(crate) fn as_ptr(&self) -> *mut lc::EVP_PKEY_CTX {
        self.0.as_ptr()
    }

    /// RSAES-OAEP, the mask by the same hash.
    ///
    /// # Safety
    /// A table of the library's.
    pub(crate) unsafe fn set_oaep(&self, md: *const lc::EVP_MD, label: &[u8]) -> Option<()> {
        let context = self.as_ptr();
        // SAFETY: a live context.
        succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_padding(context, lc::RSA_PKCS1_OAEP_PADDING) })?;
        // SAFETY: a live context; the caller's.
        succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_oaep_md(context, md) })?;
        // SAFETY: as above.
        succeeded(unsafe { lc::EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) })?;
        if label.is_empty() {
            return Some(());
        }
        // SAFETY: memory of the library's own kind, which the context is to own.
        let copy = NonNull::new(unsafe { lc::OPENSSL_malloc(label.len()) }.cast::<u8>())?;
        // SAFETY: so many bytes were just allocated, and nobody else has them.
        unsafe { copy.as_ptr().copy_from_nonoverlapping(label.as_ptr(), label.len()) };
        // SAFETY: a live context; it takes the copy over where it says 1.
        let status = unsafe { lc::EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy.as_ptr(), label.len()) };
        if status != 1 {
            // SAFETY: still ours.
            unsafe { lc::OPENSSL_free(copy.as_ptr().cast::<c_void>()) };
        }
        succeeded(status)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context that this value owns.
        unsafe { lc::EVP_PKEY_CTX_free(self.as_ptr()) }
    }
}
