//! Templates as rules use them, with the answers Prometheus gives.

use super::*;

struct Stage {
    labels: Labels,
    answer: Vec<InstantSample>,
    value: f64,
}

impl Stage {
    fn new(value: f64) -> Self {
        let labels = Labels::from_pairs([
            ("__name__", "disk"),
            ("instance", "db-1.example.com:9100"),
            ("mountpoint", "/var"),
        ]);
        let sample = |instance: &str, value| {
            let labels = Labels::from_pairs([("__name__", "m"), ("instance", instance)]);
            InstantSample::float(labels, Time(0), value)
        };
        Self { labels, answer: vec![sample("b", 21.0), sample("a", 11.0)], value }
    }

    fn expand(&self, text: &str) -> String {
        let external = Labels::from_pairs([("cluster", "north")]);
        Template::of("summary", text).expand(&Scene {
            labels: &self.labels,
            external_labels: &external,
            external_url: "http://plimsoll.example:7546/p",
            value: self.value,
            now: Time::from_secs(1_435_065_584),
            query: &|text| match text {
                "missing" => Ok(Vec::new()),
                "wrong" => Err("parse error".to_owned()),
                _ => Ok(self.answer.clone()),
            },
        })
    }
}

fn check(cases: &[(&str, &str)]) {
    let stage = Stage::new(0.875);
    for (text, wanted) in cases {
        assert_eq!(&stage.expand(text), wanted, "{text}");
    }
}

#[test]
fn labels_and_values_are_filled_in() {
    check(&[
        ("plain text", "plain text"),
        ("{{ $labels.instance }} at {{ $value }}", "db-1.example.com:9100 at 0.875"),
        ("{{.Labels.mountpoint}}{{$.Value}}", "/var0.875"),
        ("[{{ $labels.absent }}]", "[]"),
        ("{{ $labels }}", "map[__name__:disk instance:db-1.example.com:9100 mountpoint:/var]"),
        ("{{ $externalLabels.cluster }} {{ .ExternalLabels.cluster }}", "north north"),
        (
            "{{ $externalURL }} {{ externalURL }} {{ pathPrefix }}",
            "http://plimsoll.example:7546/p http://plimsoll.example:7546/p /p",
        ),
        ("{{ 1 }}{{ 1.5e3 }}{{ \"a\\tb\" }}{{ `x\\y` }}{{ true }}{{ 'a' }}", "11500a\tbx\\ytrue97"),
    ]);
}

#[test]
fn numbers_are_made_easy_to_read() {
    check(&[
        ("{{ $value | humanizePercentage }}", "87.5%"),
        ("{{ humanize 1234567.0 }} {{ humanize \"1234567\" }}", "1.235M 1.235M"),
        ("{{ printf \"%.2f%%\" $value }}", "0.88%"),
        ("{{ $value | printf \"%.1f\" }}", "0.9"),
        ("{{ 1048576.0 | humanize1024 }}B", "1MiB"),
        ("{{ 3725 | humanizeDuration }}", "1h 2m 5s"),
        ("{{ printf \"%0.2f\" (parseDuration \"1h2m10ms\") }}", "3720.01"),
        ("{{ 1435065584.128 | humanizeTimestamp }}", "2015-06-23 13:19:44.128 +0000 UTC"),
        (
            "{{ (1435065584.128 | toTime).Format \"2006-01-02T15:04:05Z07:00\" }}",
            "2015-06-23T13:19:44Z",
        ),
        ("{{ (now | toTime).Format \"Mon 2 Jan 2006, 3:04 PM\" }}", "Tue 23 Jun 2015, 1:19 PM"),
        ("{{ (toDuration 3661.5) }} {{ (toDuration 90).Minutes }}", "1h1m1.5s 1.5"),
    ]);
}

#[test]
fn blocks_loops_and_variables_work_as_in_go() {
    check(&[
        (
            "{{ if gt $value 0.9 }}high{{ else if gt $value 0.8 }}middle{{ else }}low{{ end }}",
            "middle",
        ),
        ("{{ if and (eq $labels.mountpoint \"/var\") (not (lt $value 0.5)) }}yes{{ end }}", "yes"),
        ("{{ with $labels.cluster -}} on {{ . }}{{- end }}.", "."),
        ("{{ with $labels.mountpoint -}} on {{ . }}{{- end }}.", "on /var."),
        (
            "{{ range query \"m\" | sortByLabel \"instance\" }}{{.Labels.instance}}:{{.Value}}: {{end}}",
            "a:11: b:21: ",
        ),
        (
            "{{ range $i, $s := query \"m\" }}{{ $i }}={{ $s | value }}/{{ label \"instance\" . }};{{ end }}",
            "0=21/b;1=11/a;",
        ),
        ("{{ range query \"missing\" }}x{{ else }}none{{ end }}", "none"),
        (
            "{{ range query \"m\" }}{{ if eq .Value 11.0 }}{{ break }}{{ end }}{{ .Value }}{{ end }}",
            "21",
        ),
        (
            "{{ range query \"m\" }}{{ if eq .Value 21.0 }}{{ continue }}{{ end }}{{ .Value }}{{ end }}",
            "11",
        ),
        ("{{ $x := query \"m\" | first | value }}{{ $x }}", "21"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $y := 3 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ range query \"m\" }}{{ $x = .Value }}{{ end }}{{ $x }}", "11"),
        ("a {{- /* nothing */ -}} b{{/* more */}}", "ab"),
        ("{{define \"x\"}}{{.arg0}} {{.arg1}}{{end}}{{template \"x\" (args 1 \"2\")}}", "1 2"),
        (
            "{{ len (query \"m\") }} {{ index $labels \"mountpoint\" }} {{ (index (query \"m\") 1).Value }}",
            "2 /var 11",
        ),
        (
            "{{ or $labels.absent \"none\" }} {{ and 1 0 }} {{ $labels.absent | or \"\" }}|",
            "none 0 |",
        ),
        ("{{ ne 1 2 }} {{ ge 2 2 }} {{ le 1.5 2.5 }} {{ eq 1 3 2 1 }}", "true true true true"),
    ]);
}

#[test]
fn texts_are_changed_as_in_prometheus() {
    check(&[
        ("{{ \"aa bb CC\" | title }} {{ toUpper \"a\" }} {{ toLower \"B\" }}", "Aa Bb CC A b"),
        ("{{ reReplaceAll \"(.*):(.*)\" \"$2 ${1}\" $labels.instance }}", "9100 db-1.example.com"),
        ("{{ match \"db-.*\" $labels.instance }} {{ match \"x\" \"y\" }}", "true false"),
        (
            "{{ $labels.instance | stripPort }} {{ $labels.instance | stripDomain }}",
            "db-1.example.com db-1:9100",
        ),
        (
            "{{ graphLink \"up\" }} {{ tableLink \"up\" }}",
            "/graph?g0.expr=up&g0.tab=0 /graph?g0.expr=up&g0.tab=1",
        ),
        (
            "{{ \"<b>\" | safeHtml }}{{ \"<b>\" | html }}{{ urlQueryEscape \"a b&\" }}",
            "<b>&lt;b&gt;a+b%26",
        ),
        ("{{ print 1 2 \"a\" }}|{{ println 1 \"a\" }}", "1 2a|1 a\n"),
        ("{{ slice \"abcdef\" 1 3 }}", "bc"),
    ]);
}

#[test]
fn what_goes_wrong_becomes_the_text() {
    check(&[
        (
            "{{ query \"missing\" | first }}",
            "<error expanding template: error executing template summary: error calling first: first() called on vector with no elements>",
        ),
        (
            "{{ query \"wrong\" }}",
            "<error expanding template: error executing template summary: error calling query: parse error>",
        ),
        (
            "{{ (query \"m\").banana }}",
            "<error expanding template: error executing template summary: can't evaluate field banana in type template.queryResult>",
        ),
        (
            "{{ humanize \"one\" }}",
            "<error expanding template: error executing template summary: error calling humanize: strconv.ParseFloat: parsing \"one\": invalid syntax>",
        ),
        (
            "{{ $value",
            "<error expanding template: error parsing template summary: unclosed action>",
        ),
        (
            "{{ $label.x }}",
            "<error expanding template: error parsing template summary: undefined variable \"$label\">",
        ),
        (
            "{{ nope 1 }}",
            "<error expanding template: error parsing template summary: function \"nope\" not defined>",
        ),
        (
            "{{ 9e99 | humanizeTimestamp }}",
            "<error expanding template: error executing template summary: 9e+99 cannot be represented as a nanoseconds timestamp since it overflows int64>",
        ),
    ]);
    let stage = Stage::new(f64::NAN);
    assert!(stage.expand("{{ if gt $value 90 }}x{{ end }}").contains("incompatible types"));
    for wrong in [
        "{{ end }}",
        "{{ if true }}",
        "{{ else }}",
        "{{ }}",
        "{{ | }}",
        "{{ (1 }}",
        "{{ 1) }}",
        "{{ break }}",
        "{{ \"a }}",
        "{{ 'ab' }}",
        "{{ $x = 1 }}",
        "{{ 1.2.3 }}",
        "{{ \u{a0}}}",
        "{{/* x }}",
        "{{ range $a, $b, $c := 1 }}{{ end }}",
        "{{ template }}",
        "{{ if end }}{{ end }}",
    ] {
        assert!(Template::parse("x", wrong).is_err(), "{wrong}");
    }
}

#[test]
fn loops_and_output_are_bounded() {
    let stage = Stage::new(1.0);
    for text in [
        "{{ range 100000000 }}{{ range 100000000 }}x{{ end }}{{ end }}",
        "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
        "{{ $x := \"aaaaaaaaaaaaaaaa\" }}{{ range 100 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}",
        "{{ range 1000 }}{{ query \"m\" }}{{ end }}",
    ] {
        assert!(
            stage.expand(text).starts_with("<error expanding template: error executing"),
            "{text}"
        );
    }
    let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Template::parse("x", &format!("{{{{ {deep} }}}}")).is_err());
    assert!(Template::parse("x", &"{{ if true }}".repeat(5_000)).is_err());
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_a_template_panic(text in "[a-z{}()$.|:= \"'`0-9%/*-]{0,60}") {
            drop(Stage::new(1.5).expand(&text));
        }

        #[test]
        fn no_action_makes_a_template_panic(
            words in prop::collection::vec(prop::sample::select(vec![
                "{{", "}}", "if", "else", "end", "range", "with", "$labels", ".x", "$value", "printf",
                "\"%d\"", "|", "query", "first", ":=", "$x", "(", ")", "1", "0.5", "eq", "index", "len",
                "define", "template", "and", "{{-", "-}}", "now", "toTime", "humanize", "slice", "'a'",
            ]), 0..20)
        ) {
            drop(Stage::new(1.5).expand(&words.join(" ")));
        }

        #[test]
        fn text_without_actions_stays_as_it_is(text in "[^{]{0,80}") {
            prop_assert_eq!(Stage::new(1.0).expand(&text), text);
        }
    }
}
