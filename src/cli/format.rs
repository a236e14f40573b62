//! What to write: `-T`, `--json` and `-e` in, an exporter and what it needs out.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use httpwhy::error::Error;
use httpwhy::export::{Exporter, FORMATS, Options, columns};
use httpwhy::filter::Column;

#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// What to write; text where nothing is said, and wide by sniff
    #[arg(short = 'T', long, value_name = "FORMAT", value_parser = formats())]
    format: Option<String>,
    /// The same as -T jsonl
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Columns instead of all that a format has, as in -e id,status,path or -e 'header("x-request-id")':
    /// fields of the filter language, for -T csv, tsv, fields and jsonl; tsv where nothing is said
    #[arg(short = 'e', long = "field", value_name = "FIELD", value_delimiter = ',')]
    fields: Vec<String>,
}

/// A format, and the columns of it that were chosen.
pub(super) struct Chosen {
    pub name: &'static str,
    /// Whether exchanges wait for their verdicts.
    pub causes: bool,
    /// Whether they wait for what rules find.
    pub findings: bool,
    columns: Vec<Column>,
    open: fn(Options) -> Box<dyn Exporter>,
}

fn formats() -> PossibleValuesParser {
    let values = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about));
    PossibleValuesParser::new(values)
}

impl Wanted {
    /// What was asked for; of formats this one where nothing was.
    pub fn choose(&self, otherwise: &str) -> Result<Chosen, Error> {
        let name = match &self.format {
            Some(name) => name,
            None if self.json => "jsonl",
            None if self.fields.is_empty() => otherwise,
            None => "tsv",
        };
        let unknown = || Error::Usage(format!("there is no format {name}"));
        let format = FORMATS.iter().find(|format| format.name == name).ok_or_else(unknown)?;
        let parse = |text: &String| {
            Column::parse(text).map_err(|mistake| Error::Usage(format!("-e: {mistake}")))
        };
        let columns = self.fields.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        if !columns.is_empty() && columns::Form::of(name).is_none() {
            let help =
                format!("-e chooses columns of -T csv, tsv, fields and jsonl; {name} has none");
            return Err(Error::Usage(help));
        }
        Ok(Chosen {
            name: format.name,
            causes: match columns.as_slice() {
                [] => format.causes,
                columns => columns.iter().any(Column::asks_for_causes),
            },
            findings: columns.iter().any(Column::asks_for_findings),
            columns,
            open: format.open,
        })
    }
}

impl Chosen {
    /// Begins an output.
    pub fn open(&self, options: Options) -> Box<dyn Exporter> {
        match columns::Form::of(self.name) {
            Some(form) if !self.columns.is_empty() => columns::open(&self.columns, form, options),
            _ => (self.open)(options),
        }
    }
}
