"""Detects the language of a text by its script and its most frequent words.

An approximation without a model or data file, meant for answers of a sentence or more. A script used by one language
decides alone; languages that share a script are distinguished by function words and letters of their own. In mixed
texts the largest part counts. It knows only the languages in ``LANGUAGES``: a text in another language with Latin
script is taken for a similar one, or is ``UNKNOWN`` when hardly any word is known.
"""

from __future__ import annotations

import re
from collections import Counter

_SCRIPTS = (
    ("Latin", r"A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff"),
    ("Cyrillic", r"\u0400-\u052f"),
    ("Arabic", r"\u0620-\u064a\u066e-\u06d3\u0750-\u077f"),
    ("Devanagari", r"\u0900-\u0963\u0971-\u097f"),
    ("zh", r"\u3400-\u4dbf\u4e00-\u9fff"),
    ("ja", r"\u3041-\u30ff"),
    ("ko", r"\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"),
    ("th", r"\u0e01-\u0e3a\u0e40-\u0e4e"),
    ("bn", r"\u0980-\u09e5\u09f0-\u09f1"),
    ("pa", r"\u0a01-\u0a65\u0a70-\u0a75"),
    ("gu", r"\u0a81-\u0ae5"),
    ("ta", r"\u0b82-\u0be5"),
    ("te", r"\u0c00-\u0c65"),
    ("kn", r"\u0c80-\u0ce5"),
    ("ml", r"\u0d00-\u0d65"),
    ("he", r"\u0591-\u05f4"),
    ("el", r"\u0370-\u03ff"),
)
"""Letters of each script. A script of one language has that language's code as its name."""

_WORDS = {
    "Latin": {
        "en": "the of and a to in is that it for you was on are with as his they be at this have from or had by not "
        "but what all were we when your can there an which their if do will how about them then she many some would "
        "other into has more two her like him see could no make than been its who now my may so these our me i he "
        "also just",
        "es": "el la de que y en los se del las un por con una su para es al lo como más pero sus le ya o este sí "
        "porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante son fue está "
        "ser tiene puede",
        "pt": "o a de que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à "
        "seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos "
        "você são pode",
        "fr": "le la les de des du et à un une en est que qui dans pour il elle ne pas ce se sur au plus par avec son "
        "je vous nous sont mais ou cette ces aux être fait comme tout leur sa ses y était d l qu n c s j",
        "de": "der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus "
        "er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor "
        "zur bis mehr durch man ich wir kann",
        "it": "il di che e la in un a per è una non sono con si da come anche le del della dei i lo ma al più nel alla "
        "gli delle ha questo nella o se era cui degli dalla suo sua ci ho essere c l dell all",
        "nl": "de het een en van in is dat op te zijn met voor niet die aan er om ook als maar bij door uit wordt naar "
        "was heeft nog worden ze over hij deze kan meer dan hebben tot je wel geen wat of",
        "fi": "ja on ei se että en hän oli mutta ovat kun niin kuin tai joka myös sen ole jos voi ne mitä olla vain "
        "hänen minä sinä he me te tämä nyt sitten jotka sekä mukaan mukana sille joita ovat olen sinun minun",
        "sw": "ya na wa kwa ni katika za la kuwa cha hii kama kwamba au vya hiyo pia yake lakini hili huo sana watu "
        "wake wetu yetu kila baada moja ili hivyo bila hadi mwa zaidi kutoka ambao ambayo wao yao yangu wangu tuna",
        "vi": "và của là có các cho được không một những trong với người này để đã từ khi về tôi như cũng đến ra nhiều "
        "sẽ vào trên làm bạn chúng phải hay thì rất ở tại nó mà",
        "pl": "w i na z się do to że nie jest o jak po co tak za od przez dla ale są czy może już był oraz jego tylko "
        "przy ten być tym jej które który bardzo można ich",
        "sv": "och att det i på är som en för av med till den har de inte om ett var jag men så från kan vi eller när "
        "ska hon han sig man också nu vid",
        "da": "og at det i er på en til af som med for den de har ikke der et om var jeg men fra kan vi eller når skal "
        "hun han sig man også hvad blev",
        "tr": "ve bir bu da de için ile olarak çok daha en gibi olan ne var kadar sonra ama değil ya her o mi ben "
        "kendi ancak bunu diye veya",
        "id": "yang dan di dengan untuk dari ini itu pada tidak dalam adalah akan ke juga karena oleh ada sebagai "
        "bisa atau mereka saya telah lebih kita anda dapat sudah",
        "tl": "ang ng sa na mga at ay si ako ka niya ito para kung hindi siya nila may lang ko mo pa din nang kanyang",
        "ro": "și de în la cu pe că nu o un să din este mai care pentru sunt ce se a fi dar sau după ca prin lui au "
        "această",
        "cs": "a se v na je že to s z do o i ve jsem jako za by ale si po jeho pro jsou byl který podle již také nebo "
        "být",
        "hu": "a az és hogy nem is egy de meg ez volt csak már mint vagy ha még ki fel lesz minden kell nagyon azt",
    },
    "Cyrillic": {
        "ru": "и в не на что с он как это по но они мы из у за от же для вы к так все его если или было бы только "
        "был ее когда уже до ни о чтобы этот может вас я она",
        "bg": "и на да се е за от не в с по са че си ще като това до който или но той най при този тя след има беше "
        "аз още много които само бъде ти му към със във",
        "uk": "і в не на що з та як до це він за у але від по так для ми є був вони щоб його або я ви також про якщо "
        "цей бути було має",
        "mk": "и на во да се од за не е со што ќе ги тоа по како но или кои беше го ја сум му овој",
        "sr": "и у је да се на за су од не са као то што али он би из који или сам када ће није",
    },
    "Arabic": {
        "ar": "في من على أن إلى التي عن لا هذا ما هذه هو مع كان الذي كل هي ذلك بعد قد أو لم بين كما إن يمكن و أنا",
        "fa": "و در به از که این را با است برای آن یک خود تا بر هم نیز ما می شود شد های کرد او من باید هر یا اما دارد "
        "کند بود ها",
        "ur": "کے کی میں اور ہے سے کو نے کا ہیں یہ پر کہ اس وہ ایک بھی تھا ہو نہیں کر لیے گیا تو جو کیا اپنے تھے آپ ہم",
    },
    "Devanagari": {
        "hi": "के में की है और से को का कि हैं पर ने यह एक भी नहीं इस हो था लिए तो वह जो कर अपने गया या हम मैं ही आप",
        "mr": "आहे आणि या मध्ये ते तो ती व हे हा ही नाही होते केले आहेत असे की त्या मी आम्ही तुम्ही पण एक साठी करून "
        "करण्यासाठी त्यांच्या होता आपल्या तर",
        "ne": "छ र को मा लाई हो छन् पनि यो गर्न तर भएको उनले गरेको हुन् एक यस त्यो म हामी तपाईं थियो भने लागि गर्ने हुन्छ सबै छौं",
    },
}
_LETTERS = {
    "Cyrillic": {"ru": "ыэё", "uk": "іїєґ", "bg": "", "mk": "ќѓѕ", "sr": "ћђ"},
    "Arabic": {"ar": "ةىأإ", "fa": "", "ur": "ٹڈڑںےہھ"},
    "Devanagari": {"hi": "", "mr": "ळ", "ne": ""},
    "Latin": {"vi": "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ", "pl": "łśżźćęą", "de": "ß", "tr": "ığş"},
}
"""Letters that only one language of a script has; each counts as much as a function word."""

_PATTERNS = [(name, re.compile(f"[{letters}]")) for name, letters in _SCRIPTS]
_LOOKUP = {
    script: {language: frozenset(words.split()) for language, words in table.items()}
    for script, table in _WORDS.items()
}

LANGUAGES = frozenset(name for name, _ in _SCRIPTS if name not in _WORDS) | {
    language for table in _WORDS.values() for language in table
}
"""ISO 639-1 codes of the languages that can be detected."""

UNKNOWN = "und"
"""ISO 639's code for an undetermined language: there are letters, but hardly any known word."""

_MIN_SHARE = 0.08
"""Below this share of known words, the language of a text in Latin script is unknown."""


def english_words() -> frozenset[str]:
    """Frequent English function words, in lower case."""
    return _LOOKUP["Latin"]["en"]


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the main language of ``text``; ``UNKNOWN`` for other languages; None without letters."""
    letters = Counter({name: len(pattern.findall(text)) for name, pattern in _PATTERNS})
    if letters["ja"] * 10 > letters["zh"]:
        # Japanese uses Chinese characters too; Chinese has no kana.
        letters["ja"] += letters.pop("zh")
    script, n_letters = letters.most_common(1)[0]
    if not n_letters:
        return None
    return _by_words(script, text.casefold()) if script in _WORDS else script


def _by_words(script: str, text: str) -> str:
    # \w lacks the vowel signs of Indic scripts, so words are runs of the script's letters.
    letters = dict(_SCRIPTS)[script]
    words = Counter(re.findall(f"[{letters}]+", text))
    n_words = sum(words.values())
    points = {
        language: sum(words[word] for word in known)
        + sum(text.count(letter) for letter in _LETTERS[script].get(language, ""))
        for language, known in _LOOKUP[script].items()
    }
    language, best = max(points.items(), key=lambda entry: entry[1])
    known_enough = best >= max(1, _MIN_SHARE * n_words)
    if script == "Latin":
        return language if known_enough else UNKNOWN
    # The first language of these scripts is by far the most frequent, so it wins when no word decides.
    return language if best else next(iter(_WORDS[script]))
