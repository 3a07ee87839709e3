//! Which source wins, and what fills the gaps.

use std::path::Path;

use super::*;

#[test]
fn the_environment_fills_what_the_address_leaves_out() {
    let means = |address: &str, variables: &[(&str, &str)], expected: &str| {
        let target = resolve(address, variables).expect(address);
        assert_eq!(meaning(&target), expected, "{address}");
    };
    let all = [
        ("PGHOST", "eh"),
        ("PGHOSTADDR", "192.0.2.9"),
        ("PGPORT", "5555"),
        ("PGUSER", "eu"),
        ("PGPASSWORD", "ep"),
        ("PGDATABASE", "ed"),
        ("PGSSLMODE", "require"),
        ("PGAPPNAME", "ea"),
        ("PGOPTIONS", "-c x.y=1"),
        ("PGCONNECT_TIMEOUT", "7"),
        ("PGTARGETSESSIONATTRS", "primary"),
        ("PGCHANNELBINDING", "disable"),
        ("PGCLIENTENCODING", "latin1"),
    ];
    let rest = "Require+Nothing binding=Disable Primary options=`-c x.y=1` app=ea 7s";
    means(
        "postgresql://",
        &all,
        &format!("eu:ep@eh=192.0.2.9:5555/ed {rest}"),
    );
    means(
        "postgresql:///d",
        &all,
        &format!("eu:ep@eh=192.0.2.9:5555/d {rest}"),
    );
    means("postgresql://u:p@h:1/d", &all, &format!("u:p@h:1/d {rest}"));
    means(
        "postgresql://u:p@h/d",
        &all,
        &format!("u:p@h:5555/d {rest}"),
    );
    means("user=u host=h", &all, &format!("u:ep@h:5555/ed {rest}"));
    means(
        "postgresql://u@h/d?sslmode=disable",
        &[("PGSSLMODE", "verify-full")],
        "u@h:5432/d Disable+Nothing",
    );
    means("postgresql://u@h/d", &[("PGSSLMODE", "")], "u@h:5432/d");
    means(
        "postgresql://u@h/d",
        &[("PGREQUIRESSL", "1")],
        "u@h:5432/d Require+Nothing",
    );
    means(
        "postgresql://u@h/d",
        &[("PGSSLCERT", "c"), ("PGSSLKEY", "k")],
        "u@h:5432/d cert=c,k",
    );
    means(
        "postgresql://u@h/d",
        &[("PGSSLROOTCERT", "r")],
        "u@h:5432/d Prefer+Chain roots=r",
    );
    let error = resolve("postgresql://u@h/d", &[("PGSSLMODE", "full")]).expect_err("bad");
    assert!(
        error
            .to_string()
            .contains("sslmode is `full` (from PGSSLMODE)"),
        "{error}"
    );
}

fn source(sources: &Sources) -> String {
    match Target::resolve(sources) {
        Ok(target) => format!("{} {}", target.origin(), target.endpoint()),
        Err(error) => error.to_string(),
    }
}

fn file(directory: &Path, name: &str, mode: u32, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(name);
    std::fs::write(&path, text).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("chmod");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn sources_in_their_order() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let env_file = file(
        directory.path(),
        ".env",
        0o644,
        "DB_USER=file\nDATABASE_URL=\"postgresql://${DB_USER}:hunter2@file/d\" # main\n",
    );
    let mut variables = vec![
        ("DIRECT_URL", "postgresql://u@direct/d"),
        ("DATABASE_URL", "postgresql://u@database/d"),
        ("PGHOST", "libpq"),
        ("PGUSER", "u"),
    ];
    let mut sources = Sources {
        url_flag: Some("postgresql://u@flag/d".to_owned()),
        config_url: Some("postgresql://u@config/d".to_owned()),
        environment: variables.iter().copied().collect(),
        env_file: Some(env_file.clone().into()),
    };
    assert_eq!(source(&sources), "--url flag:5432/d as u");
    sources.url_flag = None;
    assert_eq!(source(&sources), "DIRECT_URL direct:5432/d as u");
    variables.remove(0);
    sources.environment = variables.iter().copied().collect();
    assert_eq!(source(&sources), "DATABASE_URL database:5432/d as u");
    variables.remove(0);
    sources.environment = variables.iter().copied().collect();
    assert_eq!(
        source(&sources),
        format!("DATABASE_URL in {env_file} file:5432/d as file")
    );
    sources.env_file = None;
    assert_eq!(source(&sources), "leora-migrate.toml config:5432/d as u");
    sources.config_url = None;
    assert_eq!(source(&sources), "libpq's variables libpq:5432/u as u");
    sources.environment = Environment::default();
    assert!(source(&sources).starts_with("no database was named"));
    sources.env_file = Some("/nonexistent/.env".into());
    assert!(source(&sources).starts_with("cannot read the env file /nonexistent/.env: No such"));
}

#[test]
fn a_service_fills_below_the_address_and_above_the_environment() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let text = "[leora]\nhost=sh\nhostaddr=192.0.2.1\nport=6000\nuser=su\npassword=sp\n";
    let named = file(home.path(), ".pg_service.conf", 0o600, text);
    let home = home.path().to_str().expect("UTF-8");
    let at_home = [
        ("HOME", home),
        ("PGUSER", "eu"),
        ("PGDATABASE", "ed"),
        ("PGPORT", "1"),
    ];
    let means = |address: &str, variables: &[(&str, &str)], expected: &str| {
        assert_eq!(
            meaning(&resolve(address, variables).expect(address)),
            expected,
            "{address}"
        );
    };
    means("service=leora", &at_home, "su:sp@sh=192.0.2.1:6000/ed");
    means(
        "postgresql:///d?service=leora",
        &at_home,
        "su:sp@sh=192.0.2.1:6000/d",
    );
    means(
        "postgresql://u:p@h/d?service=leora",
        &at_home,
        "u:p@h:6000/d",
    );
    means(
        "service=leora user=u",
        &[("PGSERVICEFILE", &named)],
        "u:sp@sh=192.0.2.1:6000/u",
    );
    means(
        "user=u",
        &[("PGSERVICEFILE", &named), ("PGSERVICE", "leora")],
        "u:sp@sh=192.0.2.1:6000/u",
    );
    let error = resolve("service=other", &at_home).expect_err("none");
    assert!(error.to_string().contains(".pg_service.conf"), "{error}");
    let error = resolve("service=other", &[("PGSYSCONFDIR", "/nonexistent")]).expect_err("none");
    assert!(error.to_string().contains("set PGSERVICEFILE"), "{error}");
    let system = std::path::Path::new(&named).with_file_name("pg_service.conf");
    std::fs::rename(&named, system).expect("renamed");
    means(
        "service=leora user=u",
        &[("PGSYSCONFDIR", home)],
        "u:sp@sh=192.0.2.1:6000/u",
    );
}

#[test]
fn the_password_file_has_one_for_each_host() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let text = "h1:*:d:u:one\nh2:5433:*:u:two\nlocalhost:*:*:u:local\n/run/pg:*:*:u:socket\n";
    let named = file(home.path(), ".pgpass", 0o600, text);
    let home = home.path().to_str().expect("UTF-8");
    let passwords = |address: &str, variables: &[(&str, &str)]| -> Vec<String> {
        let target = resolve(address, variables).expect(address);
        let of = |password: &Option<Password>| {
            password
                .as_ref()
                .map_or("-", |password| password.secret.reveal())
                .to_owned()
        };
        target.passwords.iter().map(of).collect()
    };
    let at_home = [("HOME", home)];
    assert_eq!(
        passwords("postgresql://u@h1,h2:5433,h3/d", &at_home),
        ["one", "two", "-"]
    );
    assert_eq!(passwords("postgresql://v@h1/d", &at_home), ["-"]);
    assert_eq!(
        passwords("postgresql://u@h1/d?passfile=/nonexistent", &at_home),
        ["-"]
    );
    assert_eq!(passwords("postgresql://u:p@h1/d", &at_home), ["p"]);
    assert_eq!(
        passwords(
            "postgresql://u@h1/d",
            &[("HOME", home), ("PGPASSWORD", "e")]
        ),
        ["e"]
    );
    assert_eq!(
        passwords("postgresql://u@h1/d", &[("PGPASSFILE", &named)]),
        ["one"]
    );
    assert_eq!(
        passwords("postgresql://u@/d?host=/run/pg", &at_home),
        ["socket"]
    );
    assert_eq!(
        passwords("postgresql://u@/d?host=/tmp", &at_home),
        ["local"]
    );
    let opened = file(Path::new(home), ".pgpass", 0o644, text);
    let target = resolve("postgresql://u@h1/d", &at_home).expect("resolves");
    assert_eq!(
        meaning(&target),
        format!(
            "u@h1:5432/d ! password file {opened} was ignored: it can be read by others; chmod 600 {opened}"
        )
    );
}

#[test]
fn says_where_a_password_came_from_and_whether_it_was_typed_in_the_open() {
    let target = resolve("postgresql://u:p@h/d", &[]).expect("resolves");
    assert!(target.password_on_command_line());
    assert_eq!(target.passwords[0].as_ref().expect("one").from, "--url");
    let target = resolve("postgresql://u@h/d", &[("PGPASSWORD", "p")]).expect("resolves");
    assert!(!target.password_on_command_line());
    assert_eq!(
        target.passwords[0].as_ref().expect("one").from,
        "PGPASSWORD"
    );
    let target = Target::resolve(&Sources {
        environment: [("DATABASE_URL", "postgresql://u:p@h/d")]
            .into_iter()
            .collect(),
        ..Sources::default()
    });
    assert!(!target.expect("resolves").password_on_command_line());
}

#[test]
fn a_target_shows_itself_without_its_password() {
    let shows = |address: &str, display: &str, endpoint: &str| {
        let target = resolve(address, &[]).expect(address);
        assert_eq!(
            (target.to_string(), target.endpoint()),
            (display.to_owned(), endpoint.to_owned())
        );
        assert_eq!(
            format!("{target:?}"),
            format!("Target({display}, from --url)")
        );
        assert_eq!(
            format!("{target:#?}"),
            format!("Target({display}, from --url)")
        );
    };
    shows(
        "postgresql://u:hunter2@h/d",
        "postgresql://u:***@h:5432/d",
        "h:5432/d as u",
    );
    shows(
        "postgresql://u@h1,h2:1/d",
        "postgresql://u@h1:5432,h2:1/d",
        "h1:5432,h2:1/d as u",
    );
    shows(
        "postgresql://u@[::1]/d",
        "postgresql://u@[::1]:5432/d",
        "[::1]:5432/d as u",
    );
    shows(
        "host=/run/pg user=u password=hunter2",
        "postgresql://u:***@/u?host=/run/pg&port=5432",
        "/run/pg:5432/u as u",
    );
}
