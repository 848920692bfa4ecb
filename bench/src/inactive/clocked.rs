//! A connection whose answers are timed as finely as the machine allows.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::connection::head;

/// Looks for the answer without pause: this core has nothing else to do, and being woken takes
/// longer, and less evenly, than what is to be seen.
pub(super) struct ClockedConnection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, and the time from the question's first octet to the answer's last.
pub(super) struct TimedAnswer<'a> {
    pub(super) body: &'a [u8],
    pub(super) took: Duration,
}

impl ClockedConnection {
    pub(super) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let buffer = vec![0; 16 * 1024];
        Ok(Self { stream, buffer })
    }

    pub(super) fn exchange(&mut self, request: &[u8]) -> Result<TimedAnswer<'_>, Failure> {
        let started = Instant::now();
        // A question fits into the empty buffer of the socket.
        self.stream.write_all(request)?;
        let mut filled = 0;
        loop {
            match self.stream.read(&mut self.buffer[filled..]) {
                Ok(0) => return Err("the server closed the connection".into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            }
            if let Some((status, from, length)) = head(&self.buffer[..filled])?
                && filled >= from + length
            {
                let took = started.elapsed();
                let body = &self.buffer[from..from + length];
                if status != 200 {
                    let body = String::from_utf8_lossy(body);
                    return Err(format!("the server answered {status}: {body}").into());
                }
                return Ok(TimedAnswer { body, took });
            }
        }
    }
}
