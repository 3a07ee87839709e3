//! Where tables are declared.

use std::collections::BTreeMap;

use super::ast::{ExpressionKind, Model, ModelKind};
use super::{Source, parse};

/// The line, from 1, on which each table of `source` is declared; none when it is not Prisma's language.
pub fn lines_of_tables(source: &Source) -> BTreeMap<String, usize> {
    let Ok(document) = parse::document(&source.text) else {
        return BTreeMap::new();
    };
    let models = document
        .models()
        .filter(|model| model.kind == ModelKind::Model);
    models
        .map(|model| {
            let before = source.text.get(..model.span.start).unwrap_or_default();
            (table(model), before.matches('\n').count() + 1)
        })
        .collect()
}

/// The name that `@@map` gives, else the model's.
fn table(model: &Model<'_>) -> String {
    let attributes = model.attributes.iter().map(|block| &block.attribute);
    let mapped = attributes
        .filter(|attribute| attribute.name.text == "map")
        .flat_map(|attribute| attribute.arguments())
        .find_map(|argument| match &argument.value.kind {
            ExpressionKind::Text(text) => Some(text.value().into_owned()),
            _ => None,
        });
    mapped.unwrap_or_else(|| model.name.text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_where_its_model_is_whatever_it_is_called() {
        let source = Source {
            name: String::new(),
            text: "// first\n\nmodel Errand {\n  id Int @id\n}\n\n/// jobs\nmodel Task {\n  id Int @id\n\n  \
                   @@map(\"tasks\")\n}\nview Seen {\n  id Int\n}\n"
                .to_owned(),
        };
        let expected = [("Errand".to_owned(), 3), ("tasks".to_owned(), 8)];
        assert_eq!(lines_of_tables(&source), expected.into());
        let broken = Source {
            text: "model {".to_owned(),
            ..source
        };
        assert!(lines_of_tables(&broken).is_empty());
    }
}
