//! Bars, as SVG. The same figures always make the same octets.

use std::fmt::Write as _;

/// One bar: what lies before the first mark, and what comes on top.
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Lengths of its parts, in the unit of the plot.
    pub parts: Vec<f64>,
    /// What stands behind it.
    pub note: String,
}

/// A plot of bars that lie below each other.
pub struct Bars<'a> {
    /// What the plot shows.
    pub title: &'a str,
    /// What each part of a bar is, in order.
    pub parts: &'a [&'a str],
    /// The bars, from the top.
    pub bars: Vec<Bar>,
}

const WIDTH: f64 = 860.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 330.0;
const LONGEST: f64 = 400.0;
const TOP: f64 = 70.0;
const STEP: f64 = 26.0;
const THICK: f64 = 16.0;
/// Told apart without colour, too: each is much darker than the next.
const COLOURS: [&str; 4] = ["#9fb8cf", "#1f4e79", "#d9a441", "#7a4b00"];

impl Bars<'_> {
    /// The picture.
    pub fn svg(&self) -> String {
        let longest = self.bars.iter().map(Bar::length).fold(0.0, f64::max);
        let scale = if longest > 0.0 {
            LONGEST / longest
        } else {
            0.0
        };
        let height = TOP + STEP * self.bars.len() as f64 + 14.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
             font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n\
             <title>{title}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
             <text x=\"16\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{title}</text>\n",
            title = escaped(self.title),
        );
        let mut x = 16.0;
        for (name, colour) in self.parts.iter().zip(COLOURS.iter().cycle()) {
            line(
                &mut svg,
                &format!(
                    "<rect x=\"{x:.0}\" y=\"38\" width=\"12\" height=\"12\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"49\">{}</text>",
                    x + 18.0,
                    escaped(name),
                ),
            );
            x += 46.0 + 7.0 * name.chars().count() as f64;
        }
        for (number, bar) in self.bars.iter().enumerate() {
            let y = TOP + STEP * number as f64;
            let base = y + 13.0;
            line(
                &mut svg,
                &format!(
                    "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"end\">{}</text>",
                    LEFT - 8.0,
                    escaped(&bar.label),
                ),
            );
            let mut x = LEFT;
            for (length, colour) in bar.parts.iter().zip(COLOURS.iter().cycle()) {
                let width = length.max(0.0) * scale;
                line(
                    &mut svg,
                    &format!(
                        "<rect x=\"{x:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{THICK}\" \
                     fill=\"{colour}\"/>"
                    ),
                );
                x += width;
            }
            line(
                &mut svg,
                &format!(
                    "<text x=\"{:.1}\" y=\"{base:.0}\">{}</text>",
                    x + 6.0,
                    escaped(&bar.note),
                ),
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

impl Bar {
    fn length(&self) -> f64 {
        self.parts.iter().map(|part| part.max(0.0)).sum()
    }
}

fn line(svg: &mut String, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(svg, "{text}");
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(of: f64) -> String {
        let bar = |label: &str, parts| Bar {
            label: label.into(),
            parts,
            note: "1 < 2".into(),
        };
        Bars {
            title: "T & U",
            parts: &["one", "two"],
            bars: vec![bar("long", vec![of, 10.0]), bar("short", vec![5.0])],
        }
        .svg()
    }

    #[test]
    fn the_longest_bar_fills_the_width_and_the_others_are_in_proportion() {
        let svg = picture(10.0);
        // 10 of 20 is half the width, 5 of 20 a quarter.
        assert_eq!(svg.matches("width=\"200.0\"").count(), 2);
        assert_eq!(svg.matches("width=\"100.0\"").count(), 1);
    }

    #[test]
    fn what_is_written_in_it_does_not_break_it() {
        let svg = picture(1.0);
        assert!(svg.contains("<title>T &amp; U</title>") && svg.contains("1 &lt; 2"));
    }

    #[test]
    fn other_figures_make_another_picture() {
        assert_eq!(picture(1.0), picture(1.0));
        assert_ne!(picture(1.0), picture(2.0));
    }
}
