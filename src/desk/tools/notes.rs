//! The tools for notes, as a model sees them.

use rmcp::{handler::server::wrapper::Parameters, model::CallToolResult, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::desk::{Desk, answer::shape, notes, words::given};

#[derive(Debug, Deserialize, JsonSchema)]
struct NewNote {
    /// What to write down.
    text: String,
    /// Title of the note. Leave out to use the first words.
    title: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NoteTitle {
    /// Title of the note.
    title: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NoteQuery {
    /// Words to look for.
    query: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct NoteAddition {
    /// Title of the note.
    title: String,
    /// What to add.
    text: String,
}

#[tool_router(router = notes_router, vis = "pub(super)")]
impl Desk {
    #[tool(
        description = "Write down a new note.",
        annotations(title = "Add note", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<notes::Note>()
    )]
    async fn add_note(&self, Parameters(said): Parameters<NewNote>) -> CallToolResult {
        self.visit(move |visit| notes::add(visit, given(&said.title), &said.text)).await
    }

    #[tool(
        description = "Tell the titles of all notes.",
        annotations(title = "List notes", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<notes::Titles>()
    )]
    async fn list_notes(&self) -> CallToolResult {
        self.visit(notes::list).await
    }

    #[tool(
        description = "Read one note aloud.",
        annotations(title = "Read note", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<notes::Note>()
    )]
    async fn read_note(&self, Parameters(said): Parameters<NoteTitle>) -> CallToolResult {
        self.visit(move |visit| notes::read(visit, &said.title)).await
    }

    #[tool(
        description = "Find notes that mention some words.",
        annotations(title = "Search notes", read_only_hint = true, destructive_hint = false, idempotent_hint = true, open_world_hint = false),
        output_schema = shape::<notes::Found>()
    )]
    async fn search_notes(&self, Parameters(said): Parameters<NoteQuery>) -> CallToolResult {
        self.visit(move |visit| notes::search(visit, &said.query)).await
    }

    #[tool(
        description = "Add more text to the end of a note that exists.",
        annotations(title = "Append to note", read_only_hint = false, destructive_hint = false, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<notes::Note>()
    )]
    async fn append_to_note(&self, Parameters(said): Parameters<NoteAddition>) -> CallToolResult {
        self.visit(move |visit| notes::append(visit, &said.title, &said.text)).await
    }

    #[tool(
        description = "Delete a note for good.",
        annotations(title = "Delete note", read_only_hint = false, destructive_hint = true, idempotent_hint = false, open_world_hint = false),
        output_schema = shape::<notes::Note>()
    )]
    async fn delete_note(&self, Parameters(said): Parameters<NoteTitle>) -> CallToolResult {
        self.visit(move |visit| notes::delete(visit, &said.title)).await
    }
}
