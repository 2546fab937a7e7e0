package validate

import (
	"strings"
	"testing"
)

func TestLikelyHost(t *testing.T) {
	for host, want := range map[string]string{
		"gmial.com": "gmail.com", "gamil.com": "gmail.com", "gmal.com": "gmail.com", "gmil.com": "gmail.com", "gmaill.com": "gmail.com", "gmmail.com": "gmail.com", "gnail.com": "gmail.com", "gmali.com": "gmail.com",
		"gmail.con": "gmail.com", "gmail.co": "gmail.com", "gmail.cm": "gmail.com", "gmail.om": "gmail.com", "gmail.comm": "gmail.com", "gmail.cmo": "gmail.com", "gmail.vom": "gmail.com", "gmial.con": "gmail.com",
		"hotmial.com": "hotmail.com", "hotmal.com": "hotmail.com", "hotmil.com": "hotmail.com", "hotmaill.com": "hotmail.com", "hitmail.com": "hotmail.com", "hotmial.fr": "hotmail.fr", "hotmial.co.uk": "hotmail.co.uk", "hotmail.con": "hotmail.com",
		"yaho.com": "yahoo.com", "yahooo.com": "yahoo.com", "yhoo.com": "yahoo.com", "yaho.co.uk": "yahoo.co.uk", "yahoo.con": "yahoo.com", "yahoo.co": "yahoo.com", "yaoo.com": "yahoo.com",
		"outlok.com": "outlook.com", "outloook.com": "outlook.com", "outlook.cm": "outlook.com", "oulook.com": "outlook.com",
		"iclod.com": "icloud.com", "icluod.com": "icloud.com", "icloud.con": "icloud.com", "googlemial.com": "googlemail.com", "protonmial.com": "protonmail.com", "redifmail.com": "rediffmail.com",
	} {
		if got := likelyHost(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

// realHosts are hosts of real mailboxes, many of them a letter away from a big
// provider.
const realHosts = `gmail.com googlemail.com hotmail.com hotmail.de hotmail.fr hotmail.co.uk hotmail.gr hotmail.hu hotmail.se yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.jp yahoo.com.br yahoo.ca yahoo.ro yahoo.com.pe
outlook.com outlook.de outlook.fr outlook.hu outlook.co.id icloud.com me.com mac.com protonmail.com protonmail.ch proton.me pm.me rediffmail.com btinternet.com
mail.com email.com ymail.com rocketmail.com zmail.com hmail.com tmail.com bmail.com cmail.com e-mail.de email.de mail.de mail.ru mail.ee inbox.ru inbox.lv bk.ru list.ru yandex.ru yandex.com ya.ru
gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr web.de aol.com aol.de aim.com live.com live.de live.fr live.nl msn.com t-online.de freenet.de arcor.de vodafone.de unitymedia.de kabelmail.de posteo.de mailbox.org
orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it alice.it tin.it tiscali.it fastwebnet.it telefonica.net terra.es ono.com
grail.com gail.co.in cloud.com ahoo.com mahoo.com homail.com outpost.com look.com outbrain.com gmail.no fastmail.com hushmail.com tutanota.com tuta.io zoho.com hey.com
seznam.cz centrum.cz email.cz volny.cz azet.sk wp.pl onet.pl interia.pl o2.pl gazeta.pl bluewin.ch hispeed.ch sunrise.ch telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl xs4all.nl planet.nl home.nl
comcast.net verizon.net att.net sbcglobal.net bellsouth.net charter.net cox.net earthlink.net juno.com optonline.net rogers.com shaw.ca sympatico.ca bell.net telus.net videotron.ca
qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com hanmail.net daum.net docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com
uol.com.br bol.com.br terra.com.br ig.com.br globo.com bigpond.com optusnet.com.au iinet.net.au xtra.co.nz sky.com virginmedia.com ntlworld.com talktalk.net blueyonder.co.uk
company.co startup.co telecom.om afrimail.cm diplomatie.gouv.fr bundestag.de hotels.com hotmart.com yaho-group.example icloudy.example domail.com guam.net gmailed.example`

func TestRealHostsAreKept(t *testing.T) {
	for host := range strings.FieldsSeq(realHosts) {
		if got := likelyHost(host); got != "" {
			t.Errorf("%s is taken for %s", host, got)
		}
	}
}

func TestLikelyHostIsAWarning(t *testing.T) {
	r := Rules{}
	raw := sound()
	raw.Email = "Jane@GMIAL.com"
	res := r.Check(raw)
	var found bool
	for _, p := range res.Problems {
		if p.Code == CodeEmailHostTypo {
			found = p.Warning && p.Field == FieldEmail && strings.Contains(p.Message, "gmail.com") && !strings.Contains(strings.ToLower(p.Message), "jane")
		}
	}
	if !found {
		t.Errorf("%+v", res.Problems)
	}
}

func TestTermsTimes(t *testing.T) {
	for terms, want := range map[string]string{
		"2024-05-01 10:00:00": CodeTermsTime, "2024-05-01T10:00:00Z": CodeTermsTime, "2024-05-01": CodeTermsTime, "01.05.2024 10:00": CodeTermsTime, "1714557600": CodeTermsTime, "1714557600000": CodeTermsTime,
		"no": CodeTerms, "accepted": CodeTerms, "0": CodeTerms, "12345": CodeTerms, "TRUE": "", "1": "",
	} {
		r := Rules{}
		got := ""
		raw := sound()
		raw.Terms = terms
		for _, p := range r.Check(raw).Problems {
			if p.Field == FieldTerms {
				got += p.Code
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", terms, got, want)
		}
	}
}

func TestM04TermsTimestamp(t *testing.T) {
	rules := Rules{}
	for i, raw := range caseRows(t, "m04-terms-timestamp.csv") {
		if got := findings(rules.Check(raw)); len(got) != 1 || got[0] != "isTermsOfServiceAccepted:terms_time" {
			t.Errorf("row %d: %v", i+2, got)
		}
	}
}

func TestPhoneCountryNamesBoth(t *testing.T) {
	rules := Rules{}
	for phone, want := range map[string]string{"+4915112000901": "is a number of DE, and countryCode says GB", "+14155552671": "is a number of US, and countryCode says GB", "+442083661177": ""} {
		raw := sound()
		raw.PhoneNumber, raw.CountryCode = phone, "GB"
		got := ""
		for _, p := range rules.Check(raw).Problems {
			if p.Code == CodePhoneCountry && p.Warning {
				got = p.Message
			}
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", phone, got)
		}
	}
}
