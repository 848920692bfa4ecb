//! The fingerprint of RSA keys made by a broken generator (CVE-2017-15361, "ROCA").
//!
//! The primes of that generator are `k·M + (65537^a mod M)` with `M` a product of small primes, so its moduli are
//! powers of 65537 modulo each of these primes. A sound modulus passes for one with a chance of about 2^-27.

const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];
const GENERATOR: u32 = 65537;

/// Whether `modulus`, big-endian, bears the fingerprint.
pub(crate) fn has_fingerprint(modulus: &[u8]) -> bool {
    SMALL_PRIMES
        .iter()
        .all(|&prime| is_power_of_generator(residue(modulus, prime), prime))
}

fn residue(modulus: &[u8], prime: u32) -> u32 {
    modulus
        .iter()
        .fold(0, |rest, &octet| (rest * 256 + u32::from(octet)) % prime)
}

fn is_power_of_generator(residue: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_the_generator_bears_the_fingerprint_and_its_neighbour_does_not() {
        // 65537^4 is a power modulo every prime; one more is not modulo all of them.
        let power = 65537_u128.pow(4);
        assert!(has_fingerprint(&power.to_be_bytes()));
        assert!(!has_fingerprint(&(power + 2).to_be_bytes()));
    }

    #[test]
    fn a_residue_of_zero_ends_the_search() {
        assert!(!is_power_of_generator(0, 167));
    }
}
