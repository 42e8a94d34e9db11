"""Generated choice suites: each item is solved again from its text, with the test's own rules, words and tables."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from weighin.engine.tasks.generators import classify, multilingual_facts
from weighin.engine.tasks.generators.multilingual_facts import LANGUAGES, number_word
from weighin.engine.tasks.items import ChoiceItem

# Classification

_TOPIC_WORDS = {
    "sport": r"goalkeeper|final|coach|marathon",
    "weather": r"Rain|gusts|Fog|Snow",
    "cooking": r"onions|dough|potatoes|soup",
    "money": r"interest|Shares|loan|budget",
    "health": r"doctor|nurse|hospital|cough",
    "music": r"orchestra|guitar|album|choir",
    "travel": r"flight|suitcases|ferry|train",
    "school": r"teacher|exam|dictation|headmaster",
}
_FEELING_WORDS = {
    "joy": r"dance|smiling|laughed|We won",
    "anger": r"How dare|furious|boil|outrage",
    "fear": r"tremble|steps in the dark|terrified|scared",
    "sadness": r"I cry|I miss|wept|mourn",
}
_INTENT_WORDS = {
    "refund": r"euros back|return the money|get back what I paid",
    "cancellation": r"end my contract|no longer want to be|Stop my subscription",
    "delivery": r"Where is my|not arrived|reach my house",
    "login": r"password|is locked|sign in",
    "address": r"moved|another town|new flat",
    "complaint": r"rude|badly|shouted",
}
_PRIORITY_WORDS = {
    "critical": r"Nobody in the company|All of us are idle|every department",
    "high": r"The other teams are fine|the rest of the company works",
    "medium": r"My colleagues can|Only \w+ from \w+ is unable",
    "low": r"We can all work|No one is held up",
}
_PRAISE = r"excellent|love|perfectly|delighted"
_BLAME = r"terrible|hate|broke|disappointed"


def _only(words: dict[str, str], text: str) -> str:
    """The one class whose words stand in the text."""
    fitting = [label for label, pattern in words.items() if re.search(pattern, text)]
    assert len(fitting) == 1, (text, fitting)
    return fitting[0]


def _classify(question: str) -> str:
    asked, text = re.split(r"\n(?:Text|Message|Review|Report|Claim|Return): ", question)
    if "topic" in asked:
        return _only(_TOPIC_WORDS, text)
    if "feeling" in asked:
        return _only(_FEELING_WORDS, text)
    if "the customer" in asked:
        # A first wish stands in quotation marks and is settled.
        return _only(_INTENT_WORDS, re.sub(r'".*?"', "", text))
    if "priority" in asked:
        return _only(_PRIORITY_WORDS, text)
    if "review" in asked:
        praise, blame = bool(re.search(_PRAISE, text)), bool(re.search(_BLAME, text))
        return {(True, False): "positive", (False, True): "negative", (True, True): "mixed"}.get(
            (praise, blame), "neutral"
        )
    if part := re.search(r"think of the (\w+)\?", asked):
        return _opinion(part[1], text)
    if "workaround" in asked:
        return _report(text)
    return _claim(asked, text) if "claim" in asked else _return(asked, text)


def _opinion(part: str, text: str) -> str:
    about = [sentence for sentence in text.split(". ") if re.search(rf"\b{part}\b", sentence)]
    assert len(about) < 2
    words = {
        "positive": r"had hoped|nothing but praise|joy|cannot go wrong",
        "negative": r"let-down|not wish|hardly be worse|ashamed",
        "mixed": r"good and its bad|some days|half a|one way",
    }
    return _only(words, about[0]) if about else "not mentioned"


def _report(text: str) -> str:
    staff = {
        "yes": r"own employees|in the office|internal system|only the staff",
        "no": r"Customers|Buyers|Three|people",
    }
    helps = {
        "yes": r"old version\.|helps for now|By telephone|a way around it:",
        "no": r"no other|nothing|Nobody|Neither",
    }
    return {("no", "no"): "P1", ("no", "yes"): "P2", ("yes", "no"): "P3", ("yes", "yes"): "P4"}[
        _only(staff, text), _only(helps, text)
    ]


def _claim(asked: str, text: str) -> str:
    small, middle, large = map(int, re.findall(r"(\d+) euros", asked))
    total = sum(map(int, re.findall(r"(\d+) euros", text)))
    if re.search(r"lost|none|no receipts", text) and total >= small:
        return "reject"
    return "approve" if total < middle else "manager" if total < large else "finance"


def _return(asked: str, text: str) -> str:
    short, long, short_again = map(int, re.findall(r"within (\d+) days", asked))
    assert short == short_again
    bought, back = map(dt.date.fromisoformat, re.findall(r"\d{4}-\d\d-\d\d", text))
    days, opened = (back - bought).days, re.search(r"has been opened|is broken|has been unpacked", text)
    if not opened and days <= short:
        return "refund"
    if "faulty" in text and days <= long:
        return "exchange"
    return "voucher" if days <= short else "refuse"


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
@example(1)
def test_classes_follow_from_the_criteria(seed: int) -> None:
    rights: dict[str, Counter[str]] = {}
    for item in classify.make_items(seed):
        right = item.choices[item.gold]
        assert _classify(item.question) == right, item.question
        assert f"Choose from: {', '.join(item.choices)}." in item.question
        rights.setdefault(" ".join(sorted(item.choices)), Counter())[right] += 1
    # Where the classes are always the same four, each is right as often as any other.
    for counts in rights.values():
        if sum(counts.values()) >= 15:
            assert max(counts.values()) - min(counts.values()) <= 1
            assert len(counts) == 4


# Facts in other languages: one row a thing, in the order of the codes

_CODES = ("de", "fr", "es", "it", "pt", "nl", "sv", "pl", "ru", "tr")
_CAPITALS = """
Frankreich France Francia Francia França Frankrijk Frankrike Francja Франция Fransa
Paris Paris París Parigi Paris Parijs Paris Paryż Париж Paris
Deutschland Allemagne Alemania Germania Alemanha Duitsland Tyskland Niemcy Германия Almanya
Berlin Berlin Berlín Berlino Berlim Berlijn Berlin Berlin Берлин Berlin
Italien Italie Italia Italia Itália Italië Italien Włochy Италия İtalya
Rom Rome Roma Roma Roma Rome Rom Rzym Рим Roma
Spanien Espagne España Spagna Espanha Spanje Spanien Hiszpania Испания İspanya
Madrid Madrid Madrid Madrid Madri Madrid Madrid Madryt Мадрид Madrid
Japan Japon Japón Giappone Japão Japan Japan Japonia Япония Japonya
Tokio Tokyo Tokio Tokyo Tóquio Tokio Tokyo Tokio Токио Tokyo
Russland Russie Rusia Russia Rússia Rusland Ryssland Rosja Россия Rusya
Moskau Moscou Moscú Mosca Moscou Moskou Moskva Moskwa Москва Moskova
Griechenland Grèce Grecia Grecia Grécia Griekenland Grekland Grecja Греция Yunanistan
Athen Athènes Atenas Atene Atenas Athene Aten Ateny Афины Atina
Ägypten Égypte Egipto Egitto Egito Egypte Egypten Egipt Египет Mısır
Kairo Le_Caire El_Cairo Il_Cairo Cairo Caïro Kairo Kair Каир Kahire
Österreich Autriche Austria Austria Áustria Oostenrijk Österrike Austria Австрия Avusturya
Wien Vienne Viena Vienna Viena Wenen Wien Wiedeń Вена Viyana
Polen Pologne Polonia Polonia Polônia Polen Polen Polska Польша Polonya
Warschau Varsovie Varsovia Varsavia Varsóvia Warschau Warszawa Warszawa Варшава Varşova
Australien Australie Australia Australia Austrália Australië Australien Australia Австралия Avustralya
Canberra Canberra Canberra Canberra Camberra Canberra Canberra Canberra Канберра Canberra
Kanada Canada Canadá Canada Canadá Canada Kanada Kanada Канада Kanada
Ottawa Ottawa Ottawa Ottawa Ottawa Ottawa Ottawa Ottawa Оттава Ottawa
Brasilien Brésil Brasil Brasile Brasil Brazilië Brasilien Brazylia Бразилия Brezilya
Brasília Brasilia Brasilia Brasilia Brasília Brasilia Brasília Brasília Бразилиа Brasília
Türkei Turquie Turquía Turchia Turquia Turkije Turkiet Turcja Турция Türkiye
Ankara Ankara Ankara Ankara Ancara Ankara Ankara Ankara Анкара Ankara
Schweiz Suisse Suiza Svizzera Suíça Zwitserland Schweiz Szwajcaria Швейцария İsviçre
Bern Berne Berna Berna Berna Bern Bern Berno Берн Bern
Marokko Maroc Marruecos Marocco Marrocos Marokko Marocko Maroko Марокко Fas
Rabat Rabat Rabat Rabat Rabat Rabat Rabat Rabat Рабат Rabat
Neuseeland Nouvelle-Zélande Nueva_Zelanda Nuova_Zelanda Nova_Zelândia Nieuw-Zeeland Nya_Zeeland Nowa_Zelandia \
Новая_Зеландия Yeni_Zelanda
Wellington Wellington Wellington Wellington Wellington Wellington Wellington Wellington Веллингтон Wellington
China Chine China Cina China China Kina Chiny Китай Çin
Peking Pékin Pekín Pechino Pequim Peking Peking Pekin Пекин Pekin
"""
_OPPOSITES = """
heiß chaud caliente caldo quente heet het gorący горячий sıcak
kalt froid frío freddo frio koud kall zimny холодный soğuk
lang long largo lungo longo lang lång długi длинный uzun
kurz court corto corto curto kort kort krótki короткий kısa
voll plein lleno pieno cheio vol full pełny полный dolu
leer vide vacío vuoto vazio leeg tom pusty пустой boş
reich riche rico ricco rico rijk rik bogaty богатый zengin
arm pauvre pobre povero pobre arm fattig biedny бедный fakir
stark fort fuerte forte forte sterk stark silny сильный güçlü
schwach faible débil debole fraco zwak svag słaby слабый zayıf
teuer cher caro caro caro duur dyr drogi дорогой pahalı
billig bon_marché barato economico barato goedkoop billig tani дешёвый ucuz
nass mouillé mojado bagnato molhado nat våt mokry мокрый ıslak
trocken sec seco asciutto seco droog torr suchy сухой kuru
früh tôt temprano presto cedo vroeg tidig wcześnie рано erken
spät tard tarde tardi tarde laat sen późno поздно geç
"""
_NOUNS = """
apple Apfel pomme manzana mela maçã appel äpple jabłko яблоко elma
house Haus maison casa casa casa huis hus dom дом ev
dog Hund chien perro cane cachorro hond hund pies собака köpek
cat Katze chat gato gatto gato kat katt kot кошка kedi
bread Brot pain pan pane pão brood bröd chleb хлеб ekmek
horse Pferd cheval caballo cavallo cavalo paard häst koń лошадь at
milk Milch lait leche latte leite melk mjölk mleko молоко süt
book Buch livre libro libro livro boek bok książka книга kitap
tree Baum arbre árbol albero árvore boom träd drzewo дерево ağaç
bird Vogel oiseau pájaro uccello pássaro vogel fågel ptak птица kuş
window Fenster fenêtre ventana finestra janela raam fönster okno окно pencere
moon Mond lune luna luna lua maan måne księżyc луна ay
elbow Ellbogen coude codo gomito cotovelo elleboog armbåge łokieć локоть dirsek
pillow Kissen oreiller almohada cuscino travesseiro kussen kudde poduszka подушка yastık
spider Spinne araignée araña ragno aranha spin spindel pająk паук örümcek
hedgehog Igel hérisson erizo riccio ouriço egel igelkott jeż ёж kirpi
needle Nadel aiguille aguja ago agulha naald nål igła игла iğne
thumb Daumen pouce pulgar pollice polegar duim tumme kciuk большой_палец başparmak
shovel Schaufel pelle pala pala pá schep skyffel łopata лопата kürek
owl Eule hibou búho gufo coruja uil uggla sowa сова baykuş
spoon Löffel cuillère cuchara cucchiaio colher lepel sked łyżka ложка kaşık
feather Feder plume pluma piuma pena veer fjäder pióro перо tüy
"""
_DAYS = """
Montag lundi lunes lunedì segunda-feira maandag måndag poniedziałek понедельник pazartesi
Dienstag mardi martes martedì terça-feira dinsdag tisdag wtorek вторник salı
Mittwoch mercredi miércoles mercoledì quarta-feira woensdag onsdag środa среда çarşamba
Donnerstag jeudi jueves giovedì quinta-feira donderdag torsdag czwartek четверг perşembe
Freitag vendredi viernes venerdì sexta-feira vrijdag fredag piątek пятница cuma
Samstag samedi sábado sabato sábado zaterdag lördag sobota суббота cumartesi
Sonntag dimanche domingo domenica domingo zondag söndag niedziela воскресенье pazar
"""
_MONTHS = """
Januar janvier enero gennaio janeiro januari januari styczeń январь ocak
Februar février febrero febbraio fevereiro februari februari luty февраль şubat
März mars marzo marzo março maart mars marzec март mart
April avril abril aprile abril april april kwiecień апрель nisan
Mai mai mayo maggio maio mei maj maj май mayıs
Juni juin junio giugno junho juni juni czerwiec июнь haziran
Juli juillet julio luglio julho juli juli lipiec июль temmuz
August août agosto agosto agosto augustus augusti sierpień август ağustos
September septembre septiembre settembre setembro september september wrzesień сентябрь eylül
Oktober octobre octubre ottobre outubro oktober oktober październik октябрь ekim
November novembre noviembre novembre novembro november november listopad ноябрь kasım
Dezember décembre diciembre dicembre dezembro december december grudzień декабрь aralık
"""
_NUMBERS = """
16 sechzehn seize dieciséis sedici dezesseis zestien sexton szesnaście шестнадцать on_altı
21 einundzwanzig vingt_et_un veintiuno ventuno vinte_e_um eenentwintig tjugoett dwadzieścia_jeden \
двадцать_один yirmi_bir
22 zweiundzwanzig vingt-deux veintidós ventidue vinte_e_dois tweeëntwintig tjugotvå dwadzieścia_dwa \
двадцать_два yirmi_iki
38 achtunddreißig trente-huit treinta_y_ocho trentotto trinta_e_oito achtendertig trettioåtta trzydzieści_osiem \
тридцать_восемь otuz_sekiz
43 dreiundvierzig quarante-trois cuarenta_y_tres quarantatré quarenta_e_três drieënveertig fyrtiotre \
czterdzieści_trzy сорок_три kırk_üç
61 einundsechzig soixante_et_un sesenta_y_uno sessantuno sessenta_e_um eenenzestig sextioett sześćdziesiąt_jeden \
шестьдесят_один altmış_bir
71 einundsiebzig soixante_et_onze setenta_y_uno settantuno setenta_e_um eenenzeventig sjuttioett \
siedemdziesiąt_jeden семьдесят_один yetmiş_bir
80 achtzig quatre-vingts ochenta ottanta oitenta tachtig åttio osiemdziesiąt восемьдесят seksen
81 einundachtzig quatre-vingt-un ochenta_y_uno ottantuno oitenta_e_um eenentachtig åttioett osiemdziesiąt_jeden \
восемьдесят_один seksen_bir
97 siebenundneunzig quatre-vingt-dix-sept noventa_y_siete novantasette noventa_e_sete zevenennegentig nittiosju \
dziewięćdziesiąt_siedem девяносто_семь doksan_yedi
"""


def _rows(table: str) -> list[list[str]]:
    rows = [[word.replace("_", " ") for word in line.split()] for line in table.strip().splitlines()]
    assert {len(row) for row in rows} <= {10, 11}
    return rows


def _column(table: str, code: str) -> list[str]:
    place = _CODES.index(code) - 10
    return [row[place] for row in _rows(table)]


def _answer(item: ChoiceItem) -> str:
    """The fact asked for, from this file's tables; only the wording of the questions is the generator's."""
    language = next(each for each in LANGUAGES if each.code == item.group)
    first, second = item.question.split("\n")
    assert first.startswith(f"{language.question}: ")
    assert second == f"{language.answer}:"
    asked, listed = first.removeprefix(f"{language.question}: ").split(" (")
    assert listed == ", ".join(item.choices) + ")"
    days, months, capitals, opposites = (_column(t, item.group) for t in (_DAYS, _MONTHS, _CAPITALS, _OPPOSITES))
    if marks := _matches(language.ask_capital, asked):
        return dict(zip(capitals[::2], capitals[1::2], strict=True))[marks["x"]]
    if marks := _matches(language.ask_tomorrow, asked):
        return days[(days.index(marks["x"]) + 1) % 7]
    if marks := _matches(language.ask_in_days, asked):
        start = dt.date(2024, 1, 1 + days.index(marks["x"]))  # the 1st was a Monday
        return days[(start + dt.timedelta(days=int(marks["n"]))).weekday()]
    if marks := _matches(language.ask_in_months, asked):
        return months[(months.index(marks["x"]) + int(marks["n"])) % 12]
    if marks := _matches(language.ask_opposite, asked):
        pairs = list(zip(opposites[::2], opposites[1::2], strict=True))
        return next(b if a == marks["x"] else a for a, b in pairs if marks["x"] in (a, b))
    if marks := _matches(language.ask_word, asked):
        english = [row[0] for row in _rows(_NOUNS)]
        return _column(_NOUNS, item.group)[english.index(marks["x"])]
    values = {number_word(language, value): value for value in range(100)}
    assert len(values) == 100
    if marks := _matches(language.ask_sum, asked):
        return next(word for word in values if values[word] == values[marks["x"]] + values[marks["n"]])
    marks = _matches(language.ask_number, asked)
    assert marks
    return next(word for word in values if values[word] == int(marks["n"]))


def _matches(template: str, asked: str) -> dict[str, str] | None:
    pattern = re.escape(template).replace(r"\{x\}", "(?P<x>.+)").replace(r"\{n\}", "(?P<n>.+)")
    found = re.fullmatch(pattern, asked)
    return found.groupdict() if found else None


@settings(max_examples=8)
@given(st.integers(0, 10**6))
@example(1)
def test_facts_in_ten_languages_are_right(seed: int) -> None:
    items = multilingual_facts.make_items(seed)
    for item in items:
        assert item.choices[item.gold] == _answer(item), item.question
    groups = Counter((item.group, item.level) for item in items)
    assert groups == {(code, level): 3 for code in _CODES for level in range(1, 6)}


def test_no_wrong_choice_is_the_word_asked_about_or_right_too() -> None:
    for item in multilingual_facts.make_items(4):
        language = next(each for each in LANGUAGES if each.code == item.group)
        asked = item.question.split(" (")[0].removeprefix(f"{language.question}: ")
        for template in (language.ask_opposite, language.ask_tomorrow, language.ask_word):
            if marks := _matches(template, asked):
                assert marks["x"] not in item.choices
        assert [choice for choice in item.choices if choice == _answer(item)] == [item.choices[item.gold]]


def test_numbers_are_spelled_as_in_each_language() -> None:
    for value, *spelt in _rows(_NUMBERS):
        assert [number_word(language, int(value)) for language in LANGUAGES] == spelt
