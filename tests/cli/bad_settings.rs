//! Calls and settings that are wrong: each is refused with the cause and the way out, before anything
//! is started.

use std::fs;

use super::home::{Home, KEY, Ran};

/// Runs a command that needs all settings.
async fn told(home: &Home) -> Ran {
    home.run(["tools"]).await
}

#[tokio::test]
async fn a_call_that_is_none_is_told_what_there_is() {
    let home = Home::without_model();
    home.run([""; 0]).await.miscalled(&["Usage: hark", "serve", "say", "doctor"]);
    home.run(["sing"]).await.miscalled(&["sing", "--help"]);
    home.run(["say"]).await.miscalled(&["TEXT", "--audio"]);
    home.run(["say", "hi", "--audio", "x.wav"]).await.miscalled(&["cannot be used with"]);
    home.run(["say", "hi", "--timezone", "Mars/Olympus"]).await.miscalled(&["Mars/Olympus", "--timezone"]);
    home.run(["transcribe"]).await.miscalled(&["FILE"]);
    home.run(["tools", "call", "calculate"]).await.miscalled(&["desk.add_note"]);
    home.run(["models"]).await.miscalled(&["list", "fetch"]);
}

#[tokio::test]
async fn help_and_version_are_told_without_any_settings() {
    let home = Home::without_model();
    home.write("hark.toml", "broken =");
    let help = home.run(["--help"]).await.good();
    for verb in ["serve", "say", "transcribe", "tools", "models", "doctor", "desk"] {
        assert!(help.contains(verb), "{help}");
    }
    let version = home.run(["--version"]).await.good();
    assert_eq!(version.trim(), format!("hark {}", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_faulty_settings_file_is_told_with_its_line_and_never_with_a_value() {
    let home = Home::without_model();
    for (text, words) in [
        ("[server\nbind = 1", &["line 1"][..]),
        ("[server]\nbnid = \"127.0.0.1:1\"\n", &["line 2", "bnid", "bind"]),
        ("[sever]\n", &["line 1", "sever", "server"]),
        (&format!("[server]\nmax_running = \"{KEY}\"\n"), &["line 2", "a whole number"]),
        (&format!("[server]\ntoken = {KEY}\n"), &["line 2"]),
        (&format!("log = \"{KEY}\""), &["line 1", "section"]),
        (
            "timezone = \"Mars/Olympus\"\n[server]\nbind = \"here\"\ncommands_per_minute = 0\n\
          [tools]\ncache_seconds = 301\n",
            &[
                "timezone",
                "Europe/Berlin",
                "server.bind",
                "127.0.0.1:7380",
                "commands_per_minute",
                "cache_seconds",
                "300",
            ],
        ),
        ("language = \"tlh\"\n", &["language", "tlh", "de, en"]),
        ("[log]\nlevel = \"hark=loud\"\n", &["log.level", "hark=loud"]),
    ] {
        let path = home.write("hark.toml", text);
        let ran = home.hark(["tools"]).env_remove("HARK_SERVER__BIND").spawn().unwrap();
        home.end(ran).await.refused(words);
        let ran =
            home.hark(["tools", "--config", &path]).current_dir("/").env_remove("HARK_SERVER__BIND").spawn();
        home.end(ran.unwrap()).await.refused(words);
    }
    home.write("hark.toml", [0xff, 0xfe, 0x00]);
    told(&home).await.refused(&["hark.toml", "can't be read"]);
}

#[tokio::test]
async fn a_settings_file_that_is_named_and_missing_is_told() {
    let home = Home::without_model();
    home.run(["tools", "--config", "none.toml"]).await.refused(&["none.toml", "can't be read"]);
    let home = home.with("HARK_CONFIG", "/nowhere/hark.toml");
    told(&home).await.refused(&["/nowhere/hark.toml", "can't be read"]);
}

#[tokio::test]
async fn a_mistyped_variable_is_named_and_its_value_is_not() {
    let home = Home::without_model()
        .with("HARK_TOKEN", KEY)
        .with("HARK_SERVER__BNID", KEY)
        .with("HARK_SERVER__MAX_RUNNING", KEY);
    let words = ["HARK_TOKEN: ", "HARK_SERVER__BNID: ", "`bind`", "HARK_SERVER__MAX_RUNNING: a whole number"];
    told(&home).await.refused(&words);

    let home = Home::without_model();
    home.write(".env", "# mine\nHARK_SERVER__TOKNE=abc\n");
    told(&home).await.refused(&["HARK_SERVER__TOKNE in ", ".env", "`token`"]);
    home.write(".env", format!("# mine\nHARK_SERVER__TOKEN {KEY}\n"));
    told(&home).await.refused(&[".env", "line 2", "NAME=value"]);
}

#[tokio::test]
async fn the_environment_wins_over_env_and_env_over_the_file() {
    let home = Home::without_model();
    home.write("hark.toml", "timezone = \"Asia/Tokyo\"\n[tools]\ndesk = false\n");
    home.write(".env", "HARK_TOOLS__DESK=true\nHARK_LLM__MODEL=none\n");
    assert!(told(&home).await.good().contains("desk (ready)"), "the .env file wins");
    let home = home.with("HARK_TOOLS__DESK", "false");
    assert_eq!(told(&home).await.good(), "", "the environment wins");
}

#[tokio::test]
async fn a_faulty_mcp_json_is_told_with_every_fault() {
    let home = Home::without_model();
    home.write("mcp.json", "{\"mcpServers\": {");
    told(&home).await.refused(&["mcp.json", "not JSON", "line 1"]);
    home.write("mcp.json", "{}");
    told(&home).await.refused(&["mcp.json", "mcpServers is missing"]);
    home.write(
        "mcp.json",
        format!(
            "{{\"mcpServers\": {{\"a\": {{\"command\": \"x\", \"env\": {{\"KEY\": [\"{KEY}\"]}}}}, \
             \"b\": {{\"command\": \"${{NOT_SET}}\"}}, \"c\": {{}}}}}}"
        ),
    );
    told(&home).await.refused(&["mcpServers.a.env", "${NOT_SET}", "mcpServers.c"]);
    let home = home.with("HARK_TOOLS__MCP_CONFIG", "other.json");
    told(&home).await.refused(&["other.json", "can't be read"]);
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_told_with_the_way_out() {
    let home = Home::without_model();
    fs::write(home.data(), "a file").unwrap();
    for words in [vec!["say", "hello"], vec!["serve"]] {
        home.run(words).await.refused(&["data folder", "HARK_DATA_DIR="]);
    }
}

#[tokio::test]
async fn models_that_do_not_exist_are_told_with_the_list() {
    let home = Home::without_model().with("HARK_SPEECH__MODEL", "huge").with("HARK_LLM__MODEL", "large");
    home.run(["say", "hello"]).await.refused(&["large", "hark models list"]);
    home.run(["transcribe", "x.wav"]).await.refused(&["huge", "hark models list"]);
    let home = Home::without_model().with("HARK_LLM__BASE_URL", "localhost");
    home.run(["say", "hello"]).await.refused(&["localhost", "address"]);
}
