//! Comparison whose duration does not tell where two secrets differ.

use aws_lc_rs::constant_time;

/// Whether `a` and `b` are the same octets. Only a difference in length is told by time.
pub fn eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::eq;

    #[test]
    fn equal_means_every_octet_and_the_length() {
        assert!(eq(b"", b""));
        assert!(eq(b"secret", b"secret"));
        assert!(!eq(b"secret", b"secreT"));
        assert!(!eq(b"secret", b"secret "));
    }
}
