//! One connection, one question at a time.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::Failure;

/// Where the server is reached, and how.
#[derive(Clone)]
pub struct Line {
    /// The server's address.
    pub address: SocketAddr,
    /// How TLS is spoken there; plain HTTP if left out.
    pub tls: Option<Arc<ClientConfig>>,
}

/// A connection that is kept alive (RFC 9112 section 9.3).
pub struct Connection {
    stream: Stream,
    buffer: Vec<u8>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// An answer, for as long as the connection is not used again.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// The content.
    pub body: &'a [u8],
}

/// Room for an answer; it grows for longer ones.
const ROOM: usize = 16 * 1024;

impl Line {
    /// Connects, and shakes hands where TLS is spoken.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let stream = match &self.tls {
            None => Stream::Plain(stream),
            Some(config) => {
                let name = ServerName::IpAddress(self.address.ip().into());
                let connector = TlsConnector::from(Arc::clone(config));
                Stream::Tls(Box::new(connector.connect(name, stream).await?))
            }
        };
        let buffer = vec![0; ROOM];
        Ok(Connection { stream, buffer })
    }
}

impl Connection {
    /// Sends a request and waits for the whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        let (status, from, to) = match &mut self.stream {
            Stream::Plain(stream) => exchange(stream, request, &mut self.buffer).await?,
            Stream::Tls(stream) => exchange(stream.as_mut(), request, &mut self.buffer).await?,
        };
        let body = self.buffer.get(from..to).unwrap_or_default();
        Ok(Answer { status, body })
    }

    /// Says goodbye, as TLS wants it (RFC 8446 section 6.1).
    pub async fn close(mut self) -> Result<(), Failure> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.shutdown().await?,
            Stream::Tls(stream) => stream.shutdown().await?,
        }
        Ok(())
    }
}

/// Sends a request and fills the buffer with the answer: its status, and where its content is.
async fn exchange(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> Result<(u16, usize, usize), Failure> {
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut filled = 0;
    let mut end = None;
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Err("the server closed a connection in the middle of an answer".into());
        }
        filled += read;
        if end.is_none() {
            end = head(&buffer[..filled])?;
        }
        if let Some((status, from, length)) = end
            && filled >= from + length
        {
            return Ok((status, from, from + length));
        }
    }
}

/// Status, where the content begins, and its length; `None` if the head is not all there.
pub(crate) fn head(octets: &[u8]) -> Result<Option<(u16, usize, usize)>, Failure> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(at) = octets.windows(END.len()).position(|four| four == END) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&octets[..at])?;
    let status = head.split(' ').nth(1).ok_or("an answer without status")?;
    let length = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or("an answer without Content-Length")?;
    let length = length.1.trim().parse()?;
    Ok(Some((status.parse()?, at + END.len(), length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(head(whole).unwrap(), Some((200, 38, 5)));
        assert_eq!(head(&whole[..37]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(head(b"HTTP/1.1\r\ncontent-length: x\r\n\r\n").is_err());
    }
}
