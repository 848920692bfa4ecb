//! When a line was said.

use std::cell::Cell;
use std::fmt;

use avouch_core::time::{Clock as _, Timestamp};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

use crate::clock::SystemClock;

/// RFC 3339 in UTC, to the microsecond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rfc3339;

impl FormatTime for Rfc3339 {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write(writer, SystemClock.now())
    }
}

/// `2026-11-26T10:23:50.`
type Second = [u8; 20];

thread_local! {
    /// The second that was written last: most lines are of the same one.
    static LAST: Cell<(i64, Second)> = const { Cell::new((i64::MIN, [0; 20])) };
}

fn write(writer: &mut impl fmt::Write, now: Timestamp) -> fmt::Result {
    let (mut number, mut second) = LAST.get();
    if number != now.as_secs() {
        number = now.as_secs();
        let time = jiff::Timestamp::from_second(number).map_err(|_| fmt::Error)?;
        let text = time.strftime("%Y-%m-%dT%H:%M:%S.").to_string();
        second = text.as_bytes().try_into().map_err(|_| fmt::Error)?;
        LAST.set((number, second));
    }
    writer.write_str(str::from_utf8(&second).map_err(|_| fmt::Error)?)?;
    let mut micros = [b'0'; 7];
    let mut left = now.as_micros().rem_euclid(1_000_000);
    micros[6] = b'Z';
    for digit in micros[..6].iter_mut().rev() {
        *digit = b'0' + u8::try_from(left % 10).map_err(|_| fmt::Error)?;
        left /= 10;
    }
    writer.write_str(str::from_utf8(&micros).map_err(|_| fmt::Error)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_rfc_3339_to_the_microsecond() {
        let mut text = String::new();
        for micros in [
            1_795_688_630_341_303,
            1_795_688_630_999_999,
            1_795_688_631_000_000,
            7,
        ] {
            write(&mut text, Timestamp::from_micros(micros)).unwrap();
            text.push(' ');
        }
        assert_eq!(
            text,
            "2026-11-26T10:23:50.341303Z 2026-11-26T10:23:50.999999Z \
             2026-11-26T10:23:51.000000Z 1970-01-01T00:00:00.000007Z "
        );
    }
}
