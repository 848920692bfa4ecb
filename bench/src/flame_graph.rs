//! A flame graph, as SVG: stacks of calls, the caller below, as wide as they were often seen. The
//! same stacks always make the same octets.

use std::cmp::Reverse;
use std::fmt::Write as _;

use crate::plot::escaped;

/// Whose code a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The operating system's kernel.
    Kernel,
    /// The project's own.
    Own,
    /// Libraries in Rust.
    Library,
    /// SQLite.
    Sqlite,
    /// AWS-LC.
    Crypto,
    /// The C library, the loader and the allocator.
    System,
}

/// A function in a stack, and those that it called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// A name that can be read.
    pub name: String,
    /// Whose it is.
    pub code: Code,
    /// How often it was seen, itself or within what it called.
    pub samples: u64,
    /// What it called; what was seen most often first.
    pub called: Vec<Frame>,
}

/// A flame graph.
pub struct FlameGraph<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What all samples together are, in the unit of the picture.
    pub whole: f64,
    /// That unit.
    pub unit: &'a str,
    /// The stacks: what is called from outside of them, and the root is not drawn.
    pub root: &'a Frame,
}

/// What is narrower is left out, in parts of the whole.
pub const NARROWEST: f64 = 0.002;

const WIDTH: f64 = 1200.0;
const MARGIN: f64 = 10.0;
const TOP: f64 = 66.0;
const STEP: f64 = 15.0;
const THICK: f64 = 14.0;
/// How wide a character of a name is, and the least that a name takes.
const CHARACTER: f64 = 6.05;
const LEAST_CHARACTERS: usize = 4;

impl Code {
    const ALL: [Self; 6] = [
        Self::Own,
        Self::Library,
        Self::Sqlite,
        Self::Crypto,
        Self::System,
        Self::Kernel,
    ];

    /// One word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Library => "library",
            Self::Sqlite => "sqlite",
            Self::Crypto => "crypto",
            Self::System => "system",
            Self::Kernel => "kernel",
        }
    }

    /// Whose that word is.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Own => "avouch",
            Self::Library => "libraries in Rust",
            Self::Sqlite => "SQLite",
            Self::Crypto => "AWS-LC",
            Self::System => "C library, allocator",
            Self::Kernel => "kernel",
        }
    }

    /// Light enough for what is written on it.
    const fn colour(self) -> &'static str {
        match self {
            Self::Own => "#f2b65a",
            Self::Library => "#f7e3b0",
            Self::Sqlite => "#a9d3a1",
            Self::Crypto => "#d9a3c9",
            Self::System => "#cfcfcf",
            Self::Kernel => "#9fb8cf",
        }
    }
}

impl Frame {
    /// Never seen yet.
    pub(crate) fn new(name: &str, code: Code) -> Self {
        Self {
            name: name.to_owned(),
            code,
            samples: 0,
            called: Vec::new(),
        }
    }

    /// The one of this name that it calls.
    pub(crate) fn callee(&mut self, name: &str, code: Code) -> &mut Self {
        let is_it = |called: &Self| called.name == name && called.code == code;
        let at = self.called.iter().position(is_it).unwrap_or_else(|| {
            self.called.push(Self::new(name, code));
            self.called.len() - 1
        });
        &mut self.called[at]
    }

    /// The fewest samples that are wide enough to be drawn, if this is the root.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of a count"
    )]
    pub(crate) fn least(&self) -> u64 {
        (self.samples as f64 * NARROWEST).ceil() as u64
    }

    /// Leaves out all that was seen less often, and puts the rest in order.
    pub(crate) fn thin(&mut self, least: u64) {
        self.called.retain(|called| called.samples >= least);
        self.called
            .sort_by(|a, b| (Reverse(a.samples), &a.name).cmp(&(Reverse(b.samples), &b.name)));
        for called in &mut self.called {
            called.thin(least);
        }
    }

    fn depth(&self) -> usize {
        1 + self.called.iter().map(Self::depth).max().unwrap_or(0)
    }
}

impl FlameGraph<'_> {
    /// The picture.
    pub fn svg(&self) -> String {
        let depth = self.root.depth() as f64 - 1.0;
        let height = TOP + STEP * depth + MARGIN;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
             <title>{title}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"{MARGIN}\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n",
            title = escaped(self.title),
        );
        legend(&mut svg);
        svg.push_str("<g font-family=\"monospace\" font-size=\"10\">\n");
        self.draw_called(&mut svg, self.root, MARGIN, height - MARGIN - STEP);
        svg.push_str("</g>\n</svg>\n");
        svg
    }

    fn draw(&self, svg: &mut String, frame: &Frame, x: f64, y: f64) {
        let (share, width) = (self.share(frame), self.width(frame));
        let name = escaped(&frame.name);
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            "<g><title>{name}: {:.1} %, {:.1} {}</title>\
             <rect x=\"{x:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{THICK}\" rx=\"1\" fill=\"{}\"/>{}</g>",
            share * 100.0,
            share * self.whole,
            self.unit,
            frame.code.colour(),
            written(&frame.name, x, y, width),
        );
        self.draw_called(svg, frame, x, y - STEP);
    }

    fn draw_called(&self, svg: &mut String, frame: &Frame, x: f64, y: f64) {
        let mut x = x;
        for called in &frame.called {
            self.draw(svg, called, x, y);
            x += self.width(called);
        }
    }

    fn width(&self, frame: &Frame) -> f64 {
        self.share(frame) * (WIDTH - 2.0 * MARGIN)
    }

    fn share(&self, frame: &Frame) -> f64 {
        frame.samples as f64 / self.root.samples as f64
    }
}

/// As much of a name as there is room for; nothing where there is hardly any.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of characters"
)]
fn written(name: &str, x: f64, y: f64, width: f64) -> String {
    let room = ((width - 4.0) / CHARACTER).max(0.0) as usize;
    if room < LEAST_CHARACTERS {
        return String::new();
    }
    let shown = if name.chars().count() <= room {
        name.to_owned()
    } else {
        name.chars().take(room - 1).chain(['…']).collect()
    };
    let (x, y) = (x + 2.0, y + 10.5);
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(&shown))
}

fn legend(svg: &mut String) {
    let mut x = MARGIN;
    for code in Code::ALL {
        let (name, colour) = (code.name(), code.colour());
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.0}\" y=\"38\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
             <text x=\"{:.0}\" y=\"49\">{name}</text>",
            x + 18.0,
        );
        x += 46.0 + 7.0 * name.chars().count() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `main` calls `a<T>` in half of the samples and the kernel in a quarter.
    fn picture(whole: f64) -> String {
        let frame = |name: &str, code, samples, called| Frame {
            samples,
            called,
            ..Frame::new(name, code)
        };
        let called = vec![
            frame("a<T>", Code::Library, 500, Vec::new()),
            frame("tcp_sendmsg", Code::Kernel, 250, Vec::new()),
        ];
        let main = frame("main", Code::Own, 1_000, called);
        let root = frame("all", Code::System, 1_000, vec![main]);
        FlameGraph {
            title: "T & U",
            whole,
            unit: "µs",
            root: &root,
        }
        .svg()
    }

    #[test]
    fn frames_are_as_wide_as_they_were_seen_and_stand_above_their_caller() {
        let svg = picture(80.0);
        let place = |name: &str| {
            let frame = svg.lines().find(|line| line.contains(name)).unwrap();
            let of = |attribute: &str| {
                let (_, rest) = frame.split_once(&format!(" {attribute}=\"")).unwrap();
                rest.split_once('"').unwrap().0
            };
            (of("x"), of("width"), of("y").parse::<u32>().unwrap())
        };
        let [main, a, kernel] = ["main", "a&lt;T&gt;", "tcp_sendmsg"].map(place);
        assert_eq!([main.1, a.1, kernel.1], ["1180.0", "590.0", "295.0"]);
        assert_eq!([main.0, a.0, kernel.0], ["10.0", "10.0", "600.0"]);
        assert!(a.2 < main.2 && a.2 == kernel.2);
    }

    #[test]
    fn a_frame_says_what_it_is_and_how_much() {
        let svg = picture(80.0);
        assert!(svg.contains("<title>T &amp; U</title>"));
        assert!(svg.contains("<title>tcp_sendmsg: 25.0 %, 20.0 µs</title>"));
        assert_eq!(svg.matches("<g><title>").count(), 3);
        assert_eq!(svg, picture(80.0));
        assert_ne!(svg, picture(81.0));
    }

    #[test]
    fn a_name_is_cut_where_there_is_no_more_room() {
        let text = |width| written("avouch_server", 0.0, 0.0, width);
        assert!(text(200.0).contains(">avouch_server<"));
        assert!(text(54.0).contains(">avouch_…<"));
        assert_eq!(text(20.0), "");
    }
}
