//! The risk curve: what goes wrong, over how much is done without asking.

use std::fmt::Write;

/// Width and height of the drawing, and the room for the axes, in pixels.
const SIZE: (f64, f64) = (640.0, 400.0);
const MARGIN: f64 = 56.0;

/// One line: its name, and for each row from the surest on how sure the planner was, 0 to 1, and the
/// share of wrong ones so far, 0 to 1.
pub(super) type Line = (String, Vec<(f32, f64)>);

/// The lines as an SVG drawing that is legible on light and dark pages. A dot stands where the confidence
/// falls below each tenth.
pub fn curve(lines: &[Line]) -> String {
    const COLOURS: [&str; 4] = ["#2a78d6", "#d9622b", "#2f9e5b", "#9a57c7"];
    let (width, height) = SIZE;
    let worst = lines.iter().flat_map(|(_, points)| points).map(|(_, risk)| *risk).fold(0.1, f64::max);
    let top = (worst * 10.0).ceil() / 10.0;
    let x = |share: f64| MARGIN + share * (width - 2.0 * MARGIN);
    let y = |risk: f64| height - MARGIN - risk / top * (height - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>Share of wrong decisions over the share of \
         commands decided, the surest first</title>\n<rect width=\"{width}\" height=\"{height}\" \
         fill=\"#ffffff\"/>\n"
    );
    for tenth in 0..=10 {
        let share = f64::from(tenth) / 10.0;
        let (left, place) = (x(share), height - MARGIN + 18.0);
        let _ = writeln!(
            svg,
            "<text x=\"{left:.1}\" y=\"{place:.1}\" text-anchor=\"middle\" fill=\"#333\">{} %</text>",
            tenth * 10
        );
        if share <= top + 1e-9 {
            let (up, right) = (y(share), width - MARGIN);
            let _ = writeln!(
                svg,
                "<line x1=\"{MARGIN}\" x2=\"{right}\" y1=\"{up:.1}\" y2=\"{up:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#333\">{} %</text>",
                MARGIN - 8.0,
                up + 4.0,
                tenth * 10
            );
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#333\">commands decided, the surest \
         first</text>",
        width / 2.0,
        height - 12.0
    );
    for (index, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let count = points.len().max(1) as f64;
        let mut path = String::new();
        let mut dots = String::new();
        let mut tenth = 9_u8;
        for (place, (confidence, risk)) in points.iter().enumerate() {
            let (left, up) = (x((place + 1) as f64 / count), y(*risk));
            let _ = write!(path, "{left:.1},{up:.1} ");
            while tenth > 0 && *confidence < f32::from(tenth) / 10.0 {
                let _ = write!(
                    dots,
                    "<circle cx=\"{left:.1}\" cy=\"{up:.1}\" r=\"3\" fill=\"{colour}\"><title>confidence \
                     below 0.{tenth}</title></circle>"
                );
                tenth -= 1;
            }
        }
        let line = MARGIN - 24.0 + 16.0 * index as f64;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>{dots}\
             <text x=\"{:.0}\" y=\"{line:.0}\" fill=\"{colour}\">{}</text>",
            path.trim_end(),
            MARGIN + 8.0,
            escaped(name)
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_drawn_from_the_surest_row_on() {
        let drawn = curve(&[("a < b".to_owned(), vec![(0.95, 0.0), (0.55, 0.0), (0.2, 1.0 / 3.0)])]);
        assert!(drawn.starts_with("<svg") && drawn.ends_with("</svg>\n"), "{drawn}");
        assert!(drawn.contains("a &lt; b") && drawn.contains("40 %"), "{drawn}");
        assert_eq!(drawn.matches("<circle").count(), 7, "one for each tenth from 0.9 down to 0.3");
        curve(&[]);
        curve(&[("none".to_owned(), Vec::new())]);
    }
}
