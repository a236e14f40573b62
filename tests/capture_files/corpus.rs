//! Captures of other projects, read as tshark reads them.

use std::path::Path;
use std::process::Command;

use httpwhy::capture::Capture;

use super::Outcome;

/// Name, packets, first and last time of every capture of the corpus, as tshark 4.0.17 reads them.
#[rustfmt::skip]
const CORPUS: &[(&str, usize, i64, i64)] = &[
    ("arkime__80211http.pcap", 26, 1_523_241_953_739_049_000, 1_523_241_984_047_399_000),
    ("arkime__arkime_synthetic.pcap", 918, 1_700_000_100_010_000_000, 1_700_009_300_200_000_000),
    ("arkime__http-100-continue.pcap", 16, 1_580_405_643_172_757_000, 1_580_405_643_303_812_000),
    ("arkime__nflog.pcap", 10, 1_489_603_870_937_225_000, 1_489_603_870_937_240_000),
    ("arkime__socks4-https.pcap", 16, 1_415_053_640_836_046_000, 1_415_053_642_702_855_000),
    ("dpkt__examples__data__nb6-http.pcap", 62, 1_388_651_869_848_747_000, 1_388_651_886_615_905_000),
    ("malcolm__other__Digital_Bond_S4__Modicon.pcap", 4193, 1_421_154_095_362_593_000, 1_421_154_268_982_132_000),
    ("malcolm__plugins__zeek-httpattacks__http.trace", 186, 1_614_578_400_429_974_000, 1_614_578_412_506_628_000),
    ("malcolm__protocols__Tunnels.pcap", 1624, 1_614_578_399_532_814_000, 1_621_531_598_694_961_000),
    ("packetbeat__http_minitwit.pcap", 104, 1_374_510_579_627_929_000, 1_374_510_581_347_670_000),
    ("pcap2har__out-of-order.pcap", 3214, 1_304_342_318_751_037_000, 1_304_342_368_986_572_000),
    ("pcapfs__system__system-tests.pcapng", 166, 1_102_274_184_317_453_000, 1_614_578_399_736_866_000),
    ("pcpp__HttpMalformedResponse.pcapng", 1, 1_361_428_029_627_616_000, 1_361_428_029_627_616_000),
    ("pcpp__MplsPackets.pcap", 2, 1_437_480_744_000_000_000, 1_437_480_744_000_000_000),
    ("pcpp__example.pcap", 4631, 1_367_526_033_491_822_000, 1_367_526_049_137_582_000),
    ("ptcpdump__testdata__format__tcp.pcapng", 24, 1_730_555_435_524_360_149, 1_730_555_435_560_602_110),
    ("sv__alert-testmyids-async.pcap", 4, 1_468_449_727_199_672_000, 1_468_449_727_573_103_000),
    ("sv__alert-testmyids-midstream5.pcap", 9, 1_468_449_727_199_672_000, 1_468_449_727_573_174_000),
    ("sv__bug-3286-03-windows-evasion__with_evasion_windows.pcap", 9, 1_572_036_833_895_523_000, 1_572_036_834_053_958_000),
    ("sv__bug-5929-02__http2_multiple_headers.pcap", 12, 1_672_178_578_196_703_000, 1_672_178_581_561_061_000),
    ("sv__http-brotli-ce.pcap", 16, 1_668_614_357_135_363_000, 1_668_614_362_696_902_000),
    ("sv__http-connect__http-connect-tls.pcap", 14, 1_599_546_348_207_060_000, 1_599_546_348_209_775_000),
    ("sv__http-evader-144.pcap", 8, 1_451_761_681_316_865_000, 1_451_761_681_317_161_000),
    ("sv__http-gap-simple.pcap", 31, 1_594_625_943_020_925_000, 1_594_625_943_025_156_000),
    ("sv__http2-continuation.pcap", 30, 1_703_017_866_757_384_000, 1_703_017_866_759_445_000),
    ("sv__http2-range__http2-range.pcap", 116, 1_630_659_999_997_533_000, 1_630_660_000_098_957_000),
    ("sv__tcp-fastopen-06__tfo-s1.pcap", 8, 1_402_321_033_746_134_000, 1_402_321_033_751_730_000),
    ("sv__tcp-rst-unacked-stream-09__TLPW1-tcp-110.37.219.134-10.12.14.101-tcp-990-49230.pcap", 50, 1_544_807_533_803_036_000, 1_544_807_581_462_090_000),
    ("sv__tcp-urgp-01-oob__tcp-urgent1.pcap", 16, 1_728_649_439_208_622_000, 1_728_649_439_281_379_000),
    ("tcpdump__arcnet-rfc1051-arp-icmp-http.pcap", 26, 1_746_883_049_141_151_000, 1_746_883_054_141_487_000),
    ("zeek__http__206_example_a.pcap", 672, 1_294_814_876_674_038_000, 1_294_814_917_071_630_000),
    ("zeek__http__261__variant-09-te_obs_fold.pcap", 8, 1_780_352_611_288_157_000, 1_780_352_611_288_157_000),
    ("zeek__http__percent-end-of-line.pcap", 23, 1_501_217_955_044_840_000, 1_501_217_957_463_078_000),
    ("zeek__http__pipelined-requests.pcap", 49, 1_258_577_884_822_720_000, 1_258_577_912_403_915_000),
    ("zeek__mixed-vlan-mpls.pcap", 47, 952109346874907000, 1_278_600_802_074_822_000),
    ("zeek__tcp__qi_internet_SYNACK_curl_jsonip.pcap", 14, 1_429_652_006_616_371_000, 1_429_652_006_726_806_000),
    ("zeek__websocket__wstunnel-http.pcap", 13, 1_705_079_732_637_351_000, 1_705_079_732_690_839_000),
];

/// With `HTTPWHY_TSHARK=tshark` in the environment, tshark itself is asked too.
#[test]
fn the_corpus_reads_as_tshark_reads_it() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/captures");
    if !corpus.is_dir() {
        println!("skipped: there is no {}", corpus.display());
        return;
    }
    for &(name, packets, first, last) in CORPUS {
        let path = corpus.join(name);
        let outcome = Outcome::of(Capture::open(&[&path]).unwrap());
        let times: Vec<i64> = outcome.packets.iter().map(|packet| packet.at).collect();
        let found = (times.len(), times.first().copied(), times.last().copied());
        assert_eq!(found, (packets, Some(first), Some(last)), "{name}");
        // The one that was cut off when it was made.
        assert_eq!(outcome.damages().is_empty(), name != "pcap2har__out-of-order.pcap", "{name}");
        if let Some(tshark) = std::env::var_os("HTTPWHY_TSHARK") {
            let fields = ["-T", "fields", "-e", "frame.time_epoch", "-r"];
            let output = Command::new(tshark).args(fields).arg(&path).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let said: Vec<i64> =
                text.lines().map(|line| line.replace('.', "").parse().unwrap()).collect();
            assert_eq!(times, said, "{name}");
        }
    }
}
