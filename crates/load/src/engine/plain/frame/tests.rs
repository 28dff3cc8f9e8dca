//! What answers come to, whole, cut up, and wrong in every way.

use proptest::prelude::*;

use super::*;

/// What an answer comes to that is heard in these pieces, after which the connection ends.
fn heard(pieces: &[&[u8]], is_head: bool) -> Result<(u16, u64, bool), Trouble> {
    let mut frame = Frame::default();
    frame.begin(is_head, 0);
    for piece in pieces {
        if frame.take(piece)? {
            return Ok((frame.status, frame.content.count, frame.keeps));
        }
    }
    frame.end()?;
    Ok((frame.status, frame.content.count, frame.keeps))
}

fn whole(text: &str) -> Result<(u16, u64, bool), Trouble> {
    heard(&[text.as_bytes()], false)
}

#[test]
fn a_length_ends_an_answer_and_keeps_the_connection() {
    assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), Ok((200, 5, true)));
    assert_eq!(whole("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), Ok((404, 0, true)));
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab";
    assert_eq!(whole(twice), Ok((200, 2, true)));
}

#[test]
fn who_wants_to_close_is_not_asked_again() {
    let with = |headers: &str| {
        whole(&format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n{headers}\r\nx")).unwrap().2
    };
    assert!(with("") && with("Connection: keep-alive\r\n"));
    assert!(!with("Connection: close\r\n") && !with("Connection: x, Close\r\n"));
    assert!(!with("Connection: close\r\nConnection: keep-alive\r\n"));
    let old = |headers: &str| {
        whole(&format!("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n{headers}\r\nx")).unwrap().2
    };
    assert!(!old("") && old("Connection: Keep-Alive\r\n"));
}

#[test]
fn bytes_after_the_end_are_counted_to_nobody_and_end_the_connection() {
    assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1"), Ok((200, 1, false)));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\ny";
    assert_eq!(whole(chunked), Ok((200, 1, false)));
}

#[test]
fn answers_without_a_body_have_none_whatever_they_announce() {
    assert_eq!(whole("HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"), Ok((204, 0, true)));
    assert_eq!(whole("HTTP/1.1 304 Not Modified\r\n\r\n"), Ok((304, 0, true)));
    let head = heard(&[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], true);
    assert_eq!(head, Ok((200, 0, true)));
}

#[test]
fn answers_that_only_inform_are_followed_by_the_one_that_counts() {
    let two =
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    assert_eq!(whole(two), Ok((200, 1, true)));
    let apart: [&[u8]; 2] =
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"];
    assert_eq!(heard(&apart, false), Ok((200, 0, true)));
    assert_eq!(whole("HTTP/1.1 101 Switching Protocols\r\n\r\n"), Ok((101, 0, false)));
}

#[test]
fn without_a_length_the_end_of_the_connection_is_the_end() {
    assert_eq!(whole("HTTP/1.1 200 OK\r\n\r\nhello"), Ok((200, 5, false)));
    assert_eq!(
        whole("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello"),
        Ok((200, 5, false))
    );
}

#[test]
fn what_stops_early_is_told_by_where() {
    assert_eq!(whole(""), Err(Trouble::Closed));
    assert_eq!(whole("HTTP/1.1 200 O"), Err(Trouble::Closed));
    assert_eq!(whole("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), Err(Trouble::CutShort));
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n"] {
        assert_eq!(whole(&format!("{chunked}{body}")), Err(Trouble::CutShort), "{body:?}");
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    for text in [
        "SSH-2.0-OpenSSH_9\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        assert_eq!(whole(text), Err(Trouble::Malformed), "{text:?}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in ["x\r\n", "\r\n", "5x\r\n", "5\n", "1\r\nab\r\n", "11111111111111111\r\n", "1;a\nb"]
    {
        assert_eq!(whole(&format!("{chunked}{body}")), Err(Trouble::Malformed), "{body:?}");
    }
}

#[test]
fn chunks_may_have_extensions_and_trailers_but_not_without_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n";
    let body = "5 ;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n";
    assert_eq!(whole(&format!("{chunked}{body}")), Ok((200, 15, true)));
    let extension = format!("{chunked}5;{}", "a".repeat(20_000));
    assert_eq!(whole(&extension), Err(Trouble::Malformed));
    let trailers = format!("{chunked}0\r\n{}", "X: y\r\n".repeat(10_000));
    assert_eq!(whole(&trailers), Err(Trouble::Malformed));
}

#[test]
fn a_head_without_end_is_cut_off() {
    let line = format!("X: {}\r\n", "a".repeat(1000));
    let mut frame = Frame::default();
    frame.begin(false, 0);
    let mut told = frame.take(b"HTTP/1.1 200 OK\r\n");
    for _ in 0..150 {
        told = told.and_then(|_| frame.take(line.as_bytes()));
    }
    assert_eq!(told, Ok(false));
    for _ in 0..200 {
        told = told.and_then(|_| frame.take(line.as_bytes()));
    }
    assert_eq!(told, Err(Trouble::Malformed));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(201));
    assert_eq!(whole(&many), Err(Trouble::Malformed));
}

#[test]
fn a_body_beyond_the_limit_is_too_large() {
    let mut frame = Frame::default();
    frame.begin(false, 0);
    assert_eq!(frame.take(b"HTTP/1.1 200 OK\r\n\r\n"), Ok(false));
    let piece = vec![0; 16 << 20];
    let told: Vec<_> = (0..65).map(|_| frame.take(&piece)).collect();
    assert_eq!((told[63], told[64]), (Ok(false), Err(Trouble::TooLarge)));
}

const ANSWERS: [&str; 5] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: y\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.0 200 OK\n\nhello",
    "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
];

proptest! {
    #[test]
    fn how_an_answer_is_cut_up_does_not_matter(which in 0_usize..5, cuts in prop::collection::vec(0_usize..90, 0..6)) {
        let bytes = ANSWERS[which].as_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> =
            cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).filter(|piece| !piece.is_empty()).collect();
        prop_assert_eq!(heard(&pieces, false), whole(ANSWERS[which]));
    }

    #[test]
    fn any_bytes_are_taken_or_refused(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..4), chunked in any::<bool>()) {
        let mut frame = Frame::default();
        frame.begin(false, 0);
        if chunked {
            prop_assert_eq!(frame.take(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Ok(false));
        }
        for piece in &pieces {
            if frame.take(piece) != Ok(false) {
                break;
            }
        }
    }
}

#[test]
fn no_more_of_a_body_is_kept_than_asked_however_it_comes() {
    let heads = [
        ("Content-Length: 11\r\n\r\n", "hello world"),
        ("Transfer-Encoding: chunked\r\n\r\n", "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n"),
    ];
    for (head, body) in heads {
        for (keep, wanted) in [(0, ""), (7, "hello w"), (1000, "hello world")] {
            let text = format!("HTTP/1.1 200 OK\r\n{head}{body}");
            let mut frame = Frame::default();
            frame.begin(false, keep);
            let whole = text.as_bytes().iter().any(|byte| frame.take(&[*byte]) == Ok(true));
            assert!(whole, "{text}");
            assert_eq!((frame.content.count, &*frame.content.kept), (11, wanted.as_bytes()));
            frame.content.forget();
            assert_eq!(frame.content.kept, [0_u8; 0]);
        }
    }
}
