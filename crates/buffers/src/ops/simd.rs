//! One body, compiled twice: as it is, and with AVX2 where the processor has it. No intrinsics and the very same arithmetic, so that
//! every path gives the same bits. On arm64 the plain build has NEON.

/// A function that picks the AVX2 build of a body at run time, and that build.
macro_rules! dispatch {
    ($name:ident, $avx2:ident, $body:ident, ($($arg:ident: $type:ty),*) $(-> $result:ty)?) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn $avx2($($arg: $type),*) $(-> $result)? {
            $body($($arg),*)
        }

        fn $name($($arg: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            if std::is_x86_feature_detected!("avx2") {
                // SAFETY: the processor was just asked, and has AVX2.
                return unsafe { $avx2($($arg),*) };
            }
            $body($($arg),*)
        }
    };
}

pub(crate) use dispatch;
