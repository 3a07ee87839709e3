//! What addresses mean, as a table: on the left what is typed, on the right what it comes to.

mod layers;
mod refused;
mod tls;

use super::hosts::Place;
use super::tls::{Check, Encryption, Roots, Versions};
use super::*;

/// Only what is not the default: `user[:password]@host[=hostaddr]:port/database`, then the rest.
fn meaning(target: &Target) -> String {
    let hosts: Vec<String> = (target.hosts.iter())
        .map(|host| match (&host.place, host.address) {
            (Place::Tcp(name), Some(address)) => format!("{name}={address}:{}", host.port),
            (Place::Tcp(name), None) => format!("{name}:{}", host.port),
            (Place::Socket(directory), _) => format!("{}:{}", directory.display(), host.port),
        })
        .collect();
    let password = match target.passwords.first() {
        Some(Some(password)) => format!(":{}", password.secret.reveal()),
        _ => String::new(),
    };
    let mut text = format!(
        "{}{password}@{}/{}",
        target.user,
        hosts.join(","),
        target.dbname
    );
    let mut add = |word: String| text.push_str(&format!(" {word}"));
    if let Some(schema) = target.schema() {
        add(format!("schema={schema}"));
    }
    if target.says_pooler() {
        add("pooler".to_owned());
    }
    let tls = &target.tls;
    if (tls.encryption, tls.check) != (Encryption::Prefer, Check::Nothing) {
        add(format!("{:?}+{:?}", tls.encryption, tls.check));
    }
    match &tls.roots {
        Roots::Unneeded => {}
        Roots::System => add("roots=system".to_owned()),
        Roots::File(file) => add(format!("roots={}", file.display())),
        Roots::Missing(_) => add("roots=?".to_owned()),
    }
    if let Some(client) = &tls.client {
        let (certificate, key) = (client.certificate.display(), client.key.display());
        add(format!("cert={certificate},{key}"));
    }
    if tls.direct {
        add("direct".to_owned());
    }
    if !tls.send_name {
        add("no-sni".to_owned());
    }
    if tls.versions != Versions::Both {
        add(format!("{:?}", tls.versions));
    }
    if target.channel_binding != ChannelBinding::Prefer {
        add(format!("binding={:?}", target.channel_binding));
    }
    if target.session != SessionKind::Any {
        add(format!("{:?}", target.session));
    }
    if let Some(options) = &target.options {
        add(format!("options=`{options}`"));
    }
    if let Some(name) = &target.application_name {
        add(format!("app={name}"));
    }
    match target.network.connect_timeout {
        None => add("no-timeout".to_owned()),
        Some(timeout) if timeout.as_secs() != 10 => add(format!("{}s", timeout.as_secs())),
        Some(_) => {}
    }
    if target.network.keepalives.is_none() {
        add("no-keepalives".to_owned());
    }
    for warning in target.warnings() {
        add(format!("! {warning}"));
    }
    text
}

fn resolve(address: &str, variables: &[(&str, &str)]) -> Result<Target, TargetError> {
    Target::resolve(&Sources {
        url_flag: Some(address.to_owned()),
        environment: variables.iter().copied().collect(),
        ..Sources::default()
    })
}

#[track_caller]
fn means(address: &str, expected: &str) {
    match resolve(address, &[]) {
        Ok(target) => assert_eq!(meaning(&target), expected, "{address}"),
        Err(error) => panic!("{address}: {error}"),
    }
}

#[track_caller]
fn fails(address: &str, expected: &str) {
    match resolve(address, &[]) {
        Ok(target) => panic!("{address} was taken for {}", meaning(&target)),
        Err(error) => {
            let message = error.to_string();
            assert!(message.contains(expected), "{address}: {message}");
            assert!(!message.contains("hunter2"), "{address}: {message}");
            assert!(
                !format!("{error:?}").contains("hunter2"),
                "{address}: {error:?}"
            );
        }
    }
}

#[test]
fn urls() {
    means("postgresql://u:pw@h:5432/d", "u:pw@h:5432/d");
    means("postgres://u:pw@h:5432/d", "u:pw@h:5432/d");
    means("POSTGRESQL://u:pw@H/d", "u:pw@H:5432/d");
    means(" postgresql://u:pw@h/d\n", "u:pw@h:5432/d");
    means("postgresql://u@h", "u@h:5432/u");
    means("postgresql://u@h/", "u@h:5432/u");
    means("postgresql://u:@h/d", "u@h:5432/d");
    means("postgresql://u@h:/d", "u@h:5432/d");
    means("postgresql://h/d?user=u&password=p%26w", "u:p&w@h:5432/d");
    means("postgresql://x@h/y?user=u&dbname=d&port=6000", "u@h:6000/d");
    means("postgresql://u@h/d?", "u@h:5432/d");
    means("postgresql://u@h/d?&connect_timeout=3&", "u@h:5432/d 3s");
    means("postgresql://u@h?dbname=d", "u@h:5432/d");
    means("postgresql://u@h/my%20db", "u@h:5432/my db");
    means("postgresql://u@h/a/b", "u@h:5432/a/b");
    // Passwords, as people have them.
    means(
        "postgresql://u:p%40ss%2Fw%3A%23%3F@h/d",
        "u:p@ss/w:#?@h:5432/d",
    );
    means("postgresql://u:p@ss@h/d", "u:p@ss@h:5432/d");
    means("postgresql://u:p#ss@h/d", "u:p#ss@h:5432/d");
    means("postgresql://u:p:ss@h/d", "u:p:ss@h:5432/d");
    means("postgresql://u:100%25@h/d", "u:100%@h:5432/d");
    means("postgresql://u:100%@h/d", "u:100%@h:5432/d");
    means("postgresql://u:a+b&c=d$e!@h/d", "u:a+b&c=d$e!@h:5432/d");
    means("postgresql://u:%E2%82%AC@h/d", "u:€@h:5432/d");
    means("postgresql://u%40corp:pw@h/d", "u@corp:pw@h:5432/d");
    // IPv6, several hosts, sockets.
    means("postgresql://u@[::1]:5433/d", "u@::1:5433/d");
    means("postgresql://u@[2001:db8::1]/d", "u@2001:db8::1:5432/d");
    means(
        "postgresql://u@h1:5433,h2,[::1]:5435/d",
        "u@h1:5433,h2:5432,::1:5435/d",
    );
    means("postgresql://u@h1,h2/d?port=6000", "u@h1:6000,h2:6000/d");
    means(
        "postgresql://u@h1,h2/d?target_session_attrs=read-write",
        "u@h1:5432,h2:5432/d ReadWrite",
    );
    means("postgresql://u@h/d?host=/run/pg", "u@/run/pg:5432/d");
    means(
        "postgresql://u@localhost:5433/d?host=/run/pg",
        "u@/run/pg:5433/d",
    );
    means("postgresql://u@%2Frun%2Fpg:5433/d", "u@/run/pg:5433/d");
    means(
        "postgresql://u@/d?host=/run/pg&port=5433",
        "u@/run/pg:5433/d",
    );
    means("postgresql:///d?host=/run/pg&user=u", "u@/run/pg:5432/d");
    means(
        "postgresql://u@h/d?hostaddr=192.0.2.1",
        "u@h=192.0.2.1:5432/d",
    );
    means(
        "postgresql://u@/d?hostaddr=192.0.2.1",
        "u@192.0.2.1=192.0.2.1:5432/d",
    );
    means("postgresql://u@h/d?hostaddr=::1", "u@h=::1:5432/d");
}

#[test]
fn urls_as_prisma_and_supabase_hand_them_out() {
    let supabase = "postgresql://postgres.abcd:pw@aws-0-eu-central-1.pooler.supabase.com";
    let means_there = format!("postgres.abcd:pw@{}", &supabase[30..]);
    let pooled = format!("{supabase}:6543/postgres?pgbouncer=true&connection_limit=1");
    means(&pooled, &format!("{means_there}:6543/postgres pooler"));
    means(
        &format!("{supabase}:6543/postgres"),
        &format!("{means_there}:6543/postgres pooler"),
    );
    means(
        &format!("{supabase}:5432/postgres"),
        &format!("{means_there}:5432/postgres"),
    );
    means(
        "postgres://postgres.abcd:pw@h:6543/postgres?sslmode=require&supa=base-pooler.x",
        "postgres.abcd:pw@h:6543/postgres pooler Require+Nothing",
    );
    means(
        "postgresql://u@h/d?schema=public",
        "u@h:5432/d schema=public",
    );
    means("postgresql://u@h/d?pgbouncer=false", "u@h:5432/d");
    means("postgresql://u@h/d?pgbouncer=true", "u@h:5432/d pooler");
    means(
        "postgresql://u@h/d?schema=s&connection_limit=5&pool_timeout=10&connect_timeout=30\
         &socket_timeout=60&statement_cache_size=0&max_connection_lifetime=0\
         &max_idle_connection_lifetime=300&single_use_connections=false",
        "u@h:5432/d schema=s 30s",
    );
    means(
        "postgresql://u@h/d?connect_timeout=0",
        "u@h:5432/d no-timeout",
    );
    means(
        "postgresql://u@h/d?application_name=my+app",
        "u@h:5432/d app=my+app",
    );
    means(
        "postgresql://u@h/d?options=-c%20search_path%3Da%2Cb",
        "u@h:5432/d options=`-c search_path=a,b`",
    );
    means(
        "postgresql://u@h/d?options=-c+lock_timeout=5s+-c+x.y=1+1",
        "u@h:5432/d options=`-c lock_timeout=5s -c x.y=1+1`",
    );
    means(
        "postgresql://u@h/d?options=project%3Dabcd",
        "u@h:5432/d options=`project=abcd`",
    );
    means(
        "postgresql://u@ep-x.neon.tech/d?sslmode=require&channel_binding=require",
        "u@ep-x.neon.tech:5432/d Require+Nothing binding=Require",
    );
    means(
        "postgresql://u@localhost/d?host=/cloudsql/p:r:i",
        "u@/cloudsql/p:r:i:5432/d",
    );
    means(
        "postgresql://u@h/d?foo=1",
        "u@h:5432/d ! connection parameter `foo` is not known and has no effect",
    );
    means(
        "postgresql://h/d?user=u&password=hun&ter2=1",
        "u:hun@h:5432/d ! a connection parameter is not known and has no effect; if it is the \
         rest of a password, write its & as %26",
    );
}

#[test]
fn key_value_strings() {
    means(
        "host=h port=5433 dbname=d user=u password=pw",
        "u:pw@h:5433/d",
    );
    means("  host = h   user= u\n dbname =d ", "u@h:5432/d");
    means("host=h user=u password='p w'", "u:p w@h:5432/u");
    means(
        r"host=h user=u password='it\'s \\ fine'",
        r"u:it's \ fine@h:5432/u",
    );
    means(
        r"host=h user=u password=it\'s\ fine",
        "u:it's fine@h:5432/u",
    );
    means("host=h user=u password=''", "u@h:5432/u");
    means("host=h user=u password= dbname=d", "u:dbname=d@h:5432/u");
    means("host=h user=u password=a://b", "u:a://b@h:5432/u");
    means("host=h1,h2 port=5433,5434 user=u", "u@h1:5433,h2:5434/u");
    means("host=h1,h2 port=,5434 user=u", "u@h1:5432,h2:5434/u");
    means(
        "hostaddr=192.0.2.1,::1 user=u",
        "u@192.0.2.1=192.0.2.1:5432,::1=::1:5432/u",
    );
    means("host=/run/pg user=u", "u@/run/pg:5432/u");
    means("host=h user=u user=v", "v@h:5432/v");
    means(
        "host=h user=u keepalives=0 connect_timeout=-1",
        "u@h:5432/u no-timeout no-keepalives",
    );
    means(
        "host=h user=u options='-c a=b'",
        "u@h:5432/u options=`-c a=b`",
    );
    means(
        "host=h user=u fallback_application_name=psql",
        "u@h:5432/u app=psql",
    );
    means(
        "host=h user=u sslmode=verify-full sslrootcert=r",
        "u@h:5432/u Require+ChainAndName roots=r",
    );
    means("host=h user=u sslcert=c sslkey=k", "u@h:5432/u cert=c,k");
}
