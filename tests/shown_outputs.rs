//! Outputs in the README and in `docs` are those that come out: every block behind
//! `<!-- run: ARGUMENTS -->` is what `httpwhy ARGUMENTS` writes to standard output.
//! `UPDATE=1 cargo test --test shown_outputs` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const OPENING: &str = "<!-- run: ";

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.chain([root.join("README.md")]).collect()
}

/// Words as a shell splits them; single quotes alone are known.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut open) = (Vec::new(), String::new(), false, false);
    for letter in line.chars() {
        match letter {
            '\'' => (quoted, open) = (!quoted, true),
            ' ' if !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            letter => {
                word.push(letter);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

fn made(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_httpwhy"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words(arguments))
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    assert!(
        output.status.code().is_some_and(|code| code != 1 && code != 2),
        "{arguments}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn outputs_in_the_pages_are_those_that_come_out() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut blocks = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let mut pieces = page.split(OPENING);
        let mut current = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (arguments, rest) =
                piece.split_once(" -->\n```").expect("a block behind the comment");
            let (language, rest) = rest.split_once('\n').unwrap();
            let (_, behind) = rest.split_once("\n```\n").expect("the end of the block");
            let made = made(arguments);
            let made = made.trim_end_matches('\n');
            current += &format!("{OPENING}{arguments} -->\n```{language}\n{made}\n```\n{behind}");
            blocks += 1;
        }
        if update && current != page {
            fs::write(&path, &current).unwrap();
        } else {
            assert!(current == page, "{} (UPDATE=1 writes it anew):\n{current}", path.display());
        }
    }
    assert!(blocks > 0);
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(words("x -Y 'a b'  -e ''"), ["x", "-Y", "a b", "-e", ""]);
}
