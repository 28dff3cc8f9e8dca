//! A small blocking HTTP/1.1 keep-alive client. The load tool shares two cores with the server
//! under test, so it must cost as little as can be; this one costs two system calls a request.
use std::io::{self, IoSlice, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Base {
    pub addr: String,         // host:port
    pub prefix: String,       // path prefix, may be empty
    pub headers: Vec<String>, // extra header lines, e.g. "Authorization: Bearer x"
}

impl Base {
    pub fn parse(url: &str, headers: Vec<String>) -> Result<Base, String> {
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| format!("only http:// URLs are supported: {url}"))?;
        let (addr, prefix) = match rest.find('/') {
            Some(i) => (&rest[..i], rest[i..].trim_end_matches('/')),
            None => (rest, ""),
        };
        let addr = if addr.contains(':') { addr.to_string() } else { format!("{addr}:80") };
        Ok(Base { addr, prefix: prefix.to_string(), headers })
    }
}

pub struct Client {
    base: Base,
    stream: Option<TcpStream>,
    buf: Vec<u8>,
    timeout: Duration,
}

pub struct Response {
    pub status: u16,
    pub body: Vec<u8>,
}

fn bad(m: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, m.to_string())
}

impl Client {
    pub fn new(base: Base, timeout: Duration) -> Client {
        Client { base, stream: None, buf: Vec::with_capacity(1 << 16), timeout }
    }

    fn connect(&mut self) -> io::Result<()> {
        if self.stream.is_none() {
            let a = self.base.addr.to_socket_addrs()?.next().ok_or_else(|| bad("no address"))?;
            let s = TcpStream::connect_timeout(&a, Duration::from_secs(2).min(self.timeout))?;
            s.set_nodelay(true)?;
            s.set_read_timeout(Some(self.timeout))?;
            s.set_write_timeout(Some(self.timeout))?;
            self.stream = Some(s);
        }
        Ok(())
    }

    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Response> {
        let r = self.try_request(method, path, headers, body);
        if r.is_err() {
            self.stream = None;
        }
        r
    }

    fn try_request(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> io::Result<Response> {
        self.connect()?;
        let mut head = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: rwbench/0.1\r\nContent-Length: {}\r\n{headers}",
            self.base.prefix,
            self.base.addr,
            body.len()
        );
        for h in &self.base.headers {
            head.push_str(h);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let s = self.stream.as_mut().unwrap();
        // writev(head, body), then whatever is left
        let (h, total) = (head.as_bytes(), head.len() + body.len());
        let mut done = s.write_vectored(&[IoSlice::new(h), IoSlice::new(body)])?;
        while done < total {
            let n = if done < h.len() {
                s.write(&h[done..])?
            } else {
                s.write(&body[done - h.len()..])?
            };
            if n == 0 {
                return Err(bad("connection closed while writing"));
            }
            done += n;
        }
        self.read_response()
    }

    fn fill(&mut self) -> io::Result<usize> {
        let s = self.stream.as_mut().unwrap();
        let mut tmp = [0u8; 65536];
        let n = s.read(&mut tmp)?;
        self.buf.extend_from_slice(&tmp[..n]);
        Ok(n)
    }

    fn read_response(&mut self) -> io::Result<Response> {
        self.buf.clear();
        let head_end = loop {
            if let Some(i) = find(&self.buf, b"\r\n\r\n") {
                break i + 4;
            }
            if self.fill()? == 0 {
                return Err(bad("connection closed before the response head"));
            }
        };
        let head = String::from_utf8_lossy(&self.buf[..head_end]).to_string();
        let mut lines = head.split("\r\n");
        let status: u16 = lines
            .next()
            .and_then(|l| l.split(' ').nth(1))
            .and_then(|s| s.parse().ok())
            .ok_or_else(|| bad("bad status line"))?;
        let (mut len, mut chunked, mut close) = (None, false, false);
        for l in lines {
            if let Some((k, v)) = l.split_once(':') {
                let v = v.trim();
                match k.to_ascii_lowercase().as_str() {
                    "content-length" => len = v.parse::<usize>().ok(),
                    "transfer-encoding" => chunked = v.eq_ignore_ascii_case("chunked"),
                    "connection" => close = v.eq_ignore_ascii_case("close"),
                    _ => {}
                }
            }
        }
        let body = if status == 204 || status == 304 {
            Vec::new()
        } else if chunked {
            let mut pos = head_end;
            let mut out = Vec::new();
            loop {
                let eol = loop {
                    if let Some(i) = find(&self.buf[pos..], b"\r\n") {
                        break pos + i;
                    }
                    if self.fill()? == 0 {
                        return Err(bad("closed in a chunk head"));
                    }
                };
                let size = std::str::from_utf8(&self.buf[pos..eol])
                    .ok()
                    .and_then(|s| {
                        usize::from_str_radix(s.split(';').next().unwrap().trim(), 16).ok()
                    })
                    .ok_or_else(|| bad("bad chunk size"))?;
                pos = eol + 2;
                while self.buf.len() < pos + size + 2 {
                    if self.fill()? == 0 {
                        return Err(bad("closed in a chunk"));
                    }
                }
                out.extend_from_slice(&self.buf[pos..pos + size]);
                pos += size + 2;
                if size == 0 {
                    break;
                }
            }
            out
        } else if let Some(n) = len {
            while self.buf.len() < head_end + n {
                if self.fill()? == 0 {
                    return Err(bad("closed in the body"));
                }
            }
            self.buf[head_end..head_end + n].to_vec()
        } else {
            while self.fill()? != 0 {}
            close = true;
            self.buf[head_end..].to_vec()
        };
        if close {
            self.stream = None;
        }
        Ok(Response { status, body })
    }
}

fn find(h: &[u8], n: &[u8]) -> Option<usize> {
    h.windows(n.len()).position(|w| w == n)
}

pub fn urlencode(s: &str) -> String {
    let mut o = String::with_capacity(s.len() * 2);
    for b in s.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                o.push(b as char)
            }
            _ => o.push_str(&format!("%{b:02X}")),
        }
    }
    o
}
