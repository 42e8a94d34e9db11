"""Words and facts in ten languages, written by hand, for the multilingual suite.

Every table has the same order in each language, so that a position means the same thing everywhere. Questions have the
word they ask about where no language inflects it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

KNOWN_COUNTRIES = ("France", "Germany", "Italy", "Spain", "Japan", "Russia", "Greece", "Egypt", "Austria", "Poland")
TRICKY_COUNTRIES = ("Australia", "Canada", "Brazil", "Turkey", "Switzerland", "Morocco", "New Zealand", "China")
"""Their capital is not the city known best."""
NOUNS = ("apple", "house", "dog", "cat", "bread", "horse", "milk", "book", "tree", "bird", "window", "moon")
RARE_NOUNS = ("elbow", "pillow", "spider", "hedgehog", "needle", "thumb", "shovel", "owl", "spoon", "feather")
OPPOSITES = ("hot", "cold", "long", "short", "full", "empty", "rich", "poor", "strong", "weak", "expensive", "cheap",
             "wet", "dry", "early", "late")  # fmt: skip
"""In pairs of opposites."""


class Language(NamedTuple):
    """Everything the suite needs from a language. Questions have the marks ``{x}`` and ``{n}``."""

    code: str
    question: str
    answer: str
    ask_capital: str
    ask_tomorrow: str
    ask_in_days: str
    ask_in_months: str
    ask_opposite: str
    ask_word: str
    ask_sum: str
    ask_number: str
    days: str
    """From Monday; this and the following tables are separated by commas."""
    months: str
    countries: str
    capitals: str
    tricky_countries: str
    tricky_cities: str
    """For each country its capital and three other cities, joined by ``/``."""
    opposites: str
    nouns: str
    rare_nouns: str
    small_numbers: str
    """From 0 to 20."""
    tens: str
    """30, 40 … 90."""
    compose: Callable[[int, list[str], dict[int, str]], str]
    """A number from 21 to 99 that is not a multiple of ten, from the words up to 20 and the tens."""


def words(table: str) -> list[str]:
    """The entries of one of the tables."""
    return [word.strip() for word in table.split(",")]


def number_word(language: Language, value: int) -> str:
    """``value`` in words; 0 to 99."""
    small = words(language.small_numbers)
    if value <= 20:
        return small[value]
    tens = dict(zip(range(30, 100, 10), words(language.tens), strict=True)) | {20: small[20]}
    return tens[value] if value % 10 == 0 else language.compose(value, small, tens)


def _apart(joint: str) -> Callable[[int, list[str], dict[int, str]], str]:
    """Tens, joint, ones: ``vinte e um``, ``yirmi bir``."""
    return lambda value, small, tens: tens[value // 10 * 10] + joint + small[value % 10]


def _german(value: int, small: list[str], tens: dict[int, str]) -> str:
    one = "ein" if value % 10 == 1 else small[value % 10]
    return one + "und" + tens[value // 10 * 10]


def _dutch(value: int, small: list[str], tens: dict[int, str]) -> str:
    one = small[value % 10].replace("één", "een")
    return one + ("ën" if one.endswith("e") else "en") + tens[value // 10 * 10]


def _french(value: int, small: list[str], tens: dict[int, str]) -> str:
    ten, one = value // 10 * 10, value % 10
    if ten in (70, 90):
        ten, one = ten - 10, one + 10
    if one in (1, 11) and ten != 80:
        return f"{tens[ten]} et {small[one]}"
    return f"{tens[ten].removesuffix('s') if ten == 80 else tens[ten]}-{small[one]}"


def _spanish(value: int, small: list[str], tens: dict[int, str]) -> str:
    accented = {22: "veintidós", 23: "veintitrés", 26: "veintiséis"}
    if value < 30:
        return accented.get(value, "veinti" + small[value % 10])
    return f"{tens[value // 10 * 10]} y {small[value % 10]}"


def _italian(value: int, small: list[str], tens: dict[int, str]) -> str:
    ten, one = tens[value // 10 * 10], small[value % 10]
    # The ten loses its vowel before uno and otto; a closing tre takes an accent.
    ten = ten[:-1] if one in ("uno", "otto") else ten
    return ten + ("tré" if one == "tre" else one)


LANGUAGES = (
    Language(
        code="de", question="Frage", answer="Antwort",
        ask_capital="Land: {x}. Wie heißt die Hauptstadt?",
        ask_tomorrow="Heute ist {x}. Welcher Tag ist morgen?",
        ask_in_days="Heute ist {x}. Welcher Wochentag ist in {n} Tagen?",
        ask_in_months="Jetzt ist {x}. Welcher Monat ist in {n} Monaten?",
        ask_opposite="Was ist das Gegenteil von „{x}“?",
        ask_word="Was heißt das englische Wort „{x}“ auf Deutsch?",
        ask_sum="Wie viel ist {x} plus {n}?",
        ask_number="Wie schreibt man {n} in Worten?",
        days="Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag",
        months="Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember",
        countries="Frankreich, Deutschland, Italien, Spanien, Japan, Russland, Griechenland, Ägypten, Österreich, "
        "Polen",
        capitals="Paris, Berlin, Rom, Madrid, Tokio, Moskau, Athen, Kairo, Wien, Warschau",
        tricky_countries="Australien, Kanada, Brasilien, Türkei, Schweiz, Marokko, Neuseeland, China",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasília/Rio de Janeiro/São Paulo/Salvador, Ankara/Istanbul/Izmir/Antalya, Bern/Zürich/Genf/Basel, "
        "Rabat/Casablanca/Marrakesch/Fès, Wellington/Auckland/Christchurch/Hamilton, "
        "Peking/Schanghai/Hongkong/Wuhan",
        opposites="heiß, kalt, lang, kurz, voll, leer, reich, arm, stark, schwach, teuer, billig, nass, trocken, "
        "früh, spät",
        nouns="Apfel, Haus, Hund, Katze, Brot, Pferd, Milch, Buch, Baum, Vogel, Fenster, Mond",
        rare_nouns="Ellbogen, Kissen, Spinne, Igel, Nadel, Daumen, Schaufel, Eule, Löffel, Feder",
        small_numbers="null, eins, zwei, drei, vier, fünf, sechs, sieben, acht, neun, zehn, elf, zwölf, dreizehn, "
        "vierzehn, fünfzehn, sechzehn, siebzehn, achtzehn, neunzehn, zwanzig",
        tens="dreißig, vierzig, fünfzig, sechzig, siebzig, achtzig, neunzig", compose=_german,
    ),
    Language(
        code="fr", question="Question", answer="Réponse",
        ask_capital="Pays : {x}. Quelle est sa capitale ?",
        ask_tomorrow="Aujourd'hui, nous sommes {x}. Quel jour serons-nous demain ?",
        ask_in_days="Aujourd'hui, nous sommes {x}. Quel jour de la semaine serons-nous dans {n} jours ?",
        ask_in_months="Mois actuel : {x}. Quel mois sera-t-on dans {n} mois ?",
        ask_opposite="Quel est le contraire de « {x} » ?",
        ask_word="Comment dit-on le mot anglais « {x} » en français ?",
        ask_sum="Combien font {x} plus {n} ?",
        ask_number="Comment écrit-on {n} en lettres ?",
        days="lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche",
        months="janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre",
        countries="France, Allemagne, Italie, Espagne, Japon, Russie, Grèce, Égypte, Autriche, Pologne",
        capitals="Paris, Berlin, Rome, Madrid, Tokyo, Moscou, Athènes, Le Caire, Vienne, Varsovie",
        tricky_countries="Australie, Canada, Brésil, Turquie, Suisse, Maroc, Nouvelle-Zélande, Chine",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montréal/Vancouver, "
        "Brasilia/Rio de Janeiro/São Paulo/Salvador, Ankara/Istanbul/Izmir/Antalya, Berne/Zurich/Genève/Bâle, "
        "Rabat/Casablanca/Marrakech/Fès, Wellington/Auckland/Christchurch/Hamilton, Pékin/Shanghai/Hong Kong/Wuhan",
        opposites="chaud, froid, long, court, plein, vide, riche, pauvre, fort, faible, cher, bon marché, mouillé, "
        "sec, "
        "tôt, tard",
        nouns="pomme, maison, chien, chat, pain, cheval, lait, livre, arbre, oiseau, fenêtre, lune",
        rare_nouns="coude, oreiller, araignée, hérisson, aiguille, pouce, pelle, hibou, cuillère, plume",
        small_numbers="zéro, un, deux, trois, quatre, cinq, six, sept, huit, neuf, dix, onze, douze, treize, quatorze, "
        "quinze, seize, dix-sept, dix-huit, dix-neuf, vingt",
        tens="trente, quarante, cinquante, soixante, soixante-dix, quatre-vingts, quatre-vingt-dix", compose=_french,
    ),
    Language(
        code="es", question="Pregunta", answer="Respuesta",
        ask_capital="País: {x}. ¿Cuál es su capital?",
        ask_tomorrow="Hoy es {x}. ¿Qué día es mañana?",
        ask_in_days="Hoy es {x}. ¿Qué día de la semana será dentro de {n} días?",
        ask_in_months="Ahora es {x}. ¿Qué mes será dentro de {n} meses?",
        ask_opposite="¿Qué palabra es lo contrario de «{x}»?",
        ask_word="¿Cómo se dice en español la palabra inglesa «{x}»?",
        ask_sum="¿Cuánto es {x} más {n}?",
        ask_number="¿Cómo se escribe {n} en letras?",
        days="lunes, martes, miércoles, jueves, viernes, sábado, domingo",
        months="enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre",
        countries="Francia, Alemania, Italia, España, Japón, Rusia, Grecia, Egipto, Austria, Polonia",
        capitals="París, Berlín, Roma, Madrid, Tokio, Moscú, Atenas, El Cairo, Viena, Varsovia",
        tricky_countries="Australia, Canadá, Brasil, Turquía, Suiza, Marruecos, Nueva Zelanda, China",
        tricky_cities="Canberra/Sídney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasilia/Río de Janeiro/São Paulo/Salvador, Ankara/Estambul/Esmirna/Antalya, Berna/Zúrich/Ginebra/Basilea, "
        "Rabat/Casablanca/Marrakech/Fez, Wellington/Auckland/Christchurch/Hamilton, Pekín/Shanghái/Hong Kong/Wuhan",
        opposites="caliente, frío, largo, corto, lleno, vacío, rico, pobre, fuerte, débil, caro, barato, mojado, seco, "
        "temprano, tarde",
        nouns="manzana, casa, perro, gato, pan, caballo, leche, libro, árbol, pájaro, ventana, luna",
        rare_nouns="codo, almohada, araña, erizo, aguja, pulgar, pala, búho, cuchara, pluma",
        small_numbers="cero, uno, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, diez, once, doce, trece, "
        "catorce, "
        "quince, dieciséis, diecisiete, dieciocho, diecinueve, veinte",
        tens="treinta, cuarenta, cincuenta, sesenta, setenta, ochenta, noventa", compose=_spanish,
    ),
    Language(
        code="it", question="Domanda", answer="Risposta",
        ask_capital="Paese: {x}. Qual è la sua capitale?",
        ask_tomorrow="Oggi è {x}. Che giorno è domani?",
        ask_in_days="Oggi è {x}. Che giorno della settimana sarà tra {n} giorni?",
        ask_in_months="Adesso è {x}. Che mese sarà tra {n} mesi?",
        ask_opposite="Qual è il contrario di «{x}»?",
        ask_word="Come si dice in italiano la parola inglese «{x}»?",
        ask_sum="Quanto fa {x} più {n}?",
        ask_number="Come si scrive {n} in lettere?",
        days="lunedì, martedì, mercoledì, giovedì, venerdì, sabato, domenica",
        months="gennaio, febbraio, marzo, aprile, maggio, giugno, luglio, agosto, settembre, ottobre, novembre, "
        "dicembre",
        countries="Francia, Germania, Italia, Spagna, Giappone, Russia, Grecia, Egitto, Austria, Polonia",
        capitals="Parigi, Berlino, Roma, Madrid, Tokyo, Mosca, Atene, Il Cairo, Vienna, Varsavia",
        tricky_countries="Australia, Canada, Brasile, Turchia, Svizzera, Marocco, Nuova Zelanda, Cina",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montréal/Vancouver, "
        "Brasilia/Rio de Janeiro/San Paolo/Salvador, Ankara/Istanbul/Smirne/Antalya, Berna/Zurigo/Ginevra/Basilea, "
        "Rabat/Casablanca/Marrakech/Fès, Wellington/Auckland/Christchurch/Hamilton, "
        "Pechino/Shanghai/Hong Kong/Wuhan",
        opposites="caldo, freddo, lungo, corto, pieno, vuoto, ricco, povero, forte, debole, caro, economico, bagnato, "
        "asciutto, presto, tardi",
        nouns="mela, casa, cane, gatto, pane, cavallo, latte, libro, albero, uccello, finestra, luna",
        rare_nouns="gomito, cuscino, ragno, riccio, ago, pollice, pala, gufo, cucchiaio, piuma",
        small_numbers="zero, uno, due, tre, quattro, cinque, sei, sette, otto, nove, dieci, undici, dodici, tredici, "
        "quattordici, quindici, sedici, diciassette, diciotto, diciannove, venti",
        tens="trenta, quaranta, cinquanta, sessanta, settanta, ottanta, novanta", compose=_italian,
    ),
    Language(
        code="pt", question="Pergunta", answer="Resposta",
        ask_capital="País: {x}. Qual é a sua capital?",
        ask_tomorrow="Hoje é {x}. Que dia é amanhã?",
        ask_in_days="Hoje é {x}. Que dia da semana será daqui a {n} dias?",
        ask_in_months="O mês atual é {x}. Que mês será daqui a {n} meses?",
        ask_opposite="Qual é o contrário de «{x}»?",
        ask_word="Como se diz em português a palavra inglesa «{x}»?",
        ask_sum="Quanto é {x} mais {n}?",
        ask_number="Como se escreve {n} por extenso?",
        days="segunda-feira, terça-feira, quarta-feira, quinta-feira, sexta-feira, sábado, domingo",
        months="janeiro, fevereiro, março, abril, maio, junho, julho, agosto, setembro, outubro, novembro, dezembro",
        countries="França, Alemanha, Itália, Espanha, Japão, Rússia, Grécia, Egito, Áustria, Polônia",
        capitals="Paris, Berlim, Roma, Madri, Tóquio, Moscou, Atenas, Cairo, Viena, Varsóvia",
        tricky_countries="Austrália, Canadá, Brasil, Turquia, Suíça, Marrocos, Nova Zelândia, China",
        tricky_cities="Camberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasília/Rio de Janeiro/São Paulo/Salvador, Ancara/Istambul/Esmirna/Antália, Berna/Zurique/Genebra/Basileia, "
        "Rabat/Casablanca/Marrakech/Fez, Wellington/Auckland/Christchurch/Hamilton, Pequim/Xangai/Hong Kong/Wuhan",
        opposites="quente, frio, longo, curto, cheio, vazio, rico, pobre, forte, fraco, caro, barato, molhado, seco, "
        "cedo, tarde",
        nouns="maçã, casa, cachorro, gato, pão, cavalo, leite, livro, árvore, pássaro, janela, lua",
        rare_nouns="cotovelo, travesseiro, aranha, ouriço, agulha, polegar, pá, coruja, colher, pena",
        small_numbers="zero, um, dois, três, quatro, cinco, seis, sete, oito, nove, dez, onze, doze, treze, catorze, "
        "quinze, dezesseis, dezessete, dezoito, dezenove, vinte",
        tens="trinta, quarenta, cinquenta, sessenta, setenta, oitenta, noventa", compose=_apart(" e "),
    ),
    Language(
        code="nl", question="Vraag", answer="Antwoord",
        ask_capital="Land: {x}. Wat is de hoofdstad?",
        ask_tomorrow="Vandaag is het {x}. Welke dag is het morgen?",
        ask_in_days="Vandaag is het {x}. Welke dag van de week is het over {n} dagen?",
        ask_in_months="Het is nu {x}. Welke maand is het over {n} maanden?",
        ask_opposite="Wat is het tegenovergestelde van „{x}”?",
        ask_word="Wat is het Nederlandse woord voor het Engelse „{x}”?",
        ask_sum="Hoeveel is {x} plus {n}?",
        ask_number="Hoe schrijf je {n} voluit?",
        days="maandag, dinsdag, woensdag, donderdag, vrijdag, zaterdag, zondag",
        months="januari, februari, maart, april, mei, juni, juli, augustus, september, oktober, november, december",
        countries="Frankrijk, Duitsland, Italië, Spanje, Japan, Rusland, Griekenland, Egypte, Oostenrijk, Polen",
        capitals="Parijs, Berlijn, Rome, Madrid, Tokio, Moskou, Athene, Caïro, Wenen, Warschau",
        tricky_countries="Australië, Canada, Brazilië, Turkije, Zwitserland, Marokko, Nieuw-Zeeland, China",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasilia/Rio de Janeiro/São Paulo/Salvador, Ankara/Istanbul/Izmir/Antalya, Bern/Zürich/Genève/Bazel, "
        "Rabat/Casablanca/Marrakesh/Fez, Wellington/Auckland/Christchurch/Hamilton, Peking/Shanghai/Hongkong/Wuhan",
        opposites="heet, koud, lang, kort, vol, leeg, rijk, arm, sterk, zwak, duur, goedkoop, nat, droog, vroeg, laat",
        nouns="appel, huis, hond, kat, brood, paard, melk, boek, boom, vogel, raam, maan",
        rare_nouns="elleboog, kussen, spin, egel, naald, duim, schep, uil, lepel, veer",
        small_numbers="nul, één, twee, drie, vier, vijf, zes, zeven, acht, negen, tien, elf, twaalf, dertien, "
        "veertien, "
        "vijftien, zestien, zeventien, achttien, negentien, twintig",
        tens="dertig, veertig, vijftig, zestig, zeventig, tachtig, negentig", compose=_dutch,
    ),
    Language(
        code="sv", question="Fråga", answer="Svar",
        ask_capital="Land: {x}. Vad heter huvudstaden?",
        ask_tomorrow="I dag är det {x}. Vilken dag är det i morgon?",
        ask_in_days="I dag är det {x}. Vilken veckodag är det om {n} dagar?",
        ask_in_months="Nu är det {x}. Vilken månad är det om {n} månader?",
        ask_opposite="Vad är motsatsen till ”{x}”?",
        ask_word="Vad heter det engelska ordet ”{x}” på svenska?",
        ask_sum="Hur mycket är {x} plus {n}?",
        ask_number="Hur skriver man {n} med bokstäver?",
        days="måndag, tisdag, onsdag, torsdag, fredag, lördag, söndag",
        months="januari, februari, mars, april, maj, juni, juli, augusti, september, oktober, november, december",
        countries="Frankrike, Tyskland, Italien, Spanien, Japan, Ryssland, Grekland, Egypten, Österrike, Polen",
        capitals="Paris, Berlin, Rom, Madrid, Tokyo, Moskva, Aten, Kairo, Wien, Warszawa",
        tricky_countries="Australien, Kanada, Brasilien, Turkiet, Schweiz, Marocko, Nya Zeeland, Kina",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montréal/Vancouver, "
        "Brasília/Rio de Janeiro/São Paulo/Salvador, Ankara/Istanbul/Izmir/Antalya, Bern/Zürich/Genève/Basel, "
        "Rabat/Casablanca/Marrakech/Fès, Wellington/Auckland/Christchurch/Hamilton, Peking/Shanghai/Hongkong/Wuhan",
        opposites="het, kall, lång, kort, full, tom, rik, fattig, stark, svag, dyr, billig, våt, torr, tidig, sen",
        nouns="äpple, hus, hund, katt, bröd, häst, mjölk, bok, träd, fågel, fönster, måne",
        rare_nouns="armbåge, kudde, spindel, igelkott, nål, tumme, skyffel, uggla, sked, fjäder",
        small_numbers="noll, ett, två, tre, fyra, fem, sex, sju, åtta, nio, tio, elva, tolv, tretton, fjorton, femton, "
        "sexton, sjutton, arton, nitton, tjugo",
        tens="trettio, fyrtio, femtio, sextio, sjuttio, åttio, nittio", compose=_apart(""),
    ),
    Language(
        code="pl", question="Pytanie", answer="Odpowiedź",
        ask_capital="Kraj: {x}. Jakie miasto jest jego stolicą?",
        ask_tomorrow="Dziś jest {x}. Jaki dzień będzie jutro?",
        ask_in_days="Dziś jest {x}. Jaki dzień tygodnia będzie za {n} dni?",
        ask_in_months="Teraz jest {x}. Jaki miesiąc będzie za {n} miesięcy?",
        ask_opposite="Jakie jest przeciwieństwo słowa „{x}”?",
        ask_word="Jak jest po polsku angielskie słowo „{x}”?",
        ask_sum="Ile to jest {x} plus {n}?",
        ask_number="Jak zapisać słownie liczbę {n}?",
        days="poniedziałek, wtorek, środa, czwartek, piątek, sobota, niedziela",
        months="styczeń, luty, marzec, kwiecień, maj, czerwiec, lipiec, sierpień, wrzesień, październik, listopad, "
        "grudzień",
        countries="Francja, Niemcy, Włochy, Hiszpania, Japonia, Rosja, Grecja, Egipt, Austria, Polska",
        capitals="Paryż, Berlin, Rzym, Madryt, Tokio, Moskwa, Ateny, Kair, Wiedeń, Warszawa",
        tricky_countries="Australia, Kanada, Brazylia, Turcja, Szwajcaria, Maroko, Nowa Zelandia, Chiny",
        tricky_cities="Canberra/Sydney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasília/Rio de Janeiro/São Paulo/Salvador, Ankara/Stambuł/Izmir/Antalya, Berno/Zurych/Genewa/Bazylea, "
        "Rabat/Casablanca/Marrakesz/Fez, Wellington/Auckland/Christchurch/Hamilton, Pekin/Szanghaj/Hongkong/Wuhan",
        opposites="gorący, zimny, długi, krótki, pełny, pusty, bogaty, biedny, silny, słaby, drogi, tani, mokry, "
        "suchy, "
        "wcześnie, późno",
        nouns="jabłko, dom, pies, kot, chleb, koń, mleko, książka, drzewo, ptak, okno, księżyc",
        rare_nouns="łokieć, poduszka, pająk, jeż, igła, kciuk, łopata, sowa, łyżka, pióro",
        small_numbers="zero, jeden, dwa, trzy, cztery, pięć, sześć, siedem, osiem, dziewięć, dziesięć, jedenaście, "
        "dwanaście, trzynaście, czternaście, piętnaście, szesnaście, siedemnaście, osiemnaście, dziewiętnaście, "
        "dwadzieścia",
        tens="trzydzieści, czterdzieści, pięćdziesiąt, sześćdziesiąt, siedemdziesiąt, osiemdziesiąt, dziewięćdziesiąt",
        compose=_apart(" "),
    ),
    Language(
        code="ru", question="Вопрос", answer="Ответ",
        ask_capital="Страна: {x}. Какой город является её столицей?",
        ask_tomorrow="Сегодня {x}. Какой день будет завтра?",
        ask_in_days="Сегодня {x}. Какой день недели наступит через {n} дн.?",
        ask_in_months="Сейчас {x}. Какой месяц наступит через {n} мес.?",
        ask_opposite="Какое слово противоположно по смыслу слову «{x}»?",
        ask_word="Как будет по-русски английское слово «{x}»?",
        ask_sum="Сколько будет {x} плюс {n}?",
        ask_number="Как пишется словами число {n}?",
        days="понедельник, вторник, среда, четверг, пятница, суббота, воскресенье",
        months="январь, февраль, март, апрель, май, июнь, июль, август, сентябрь, октябрь, ноябрь, декабрь",
        countries="Франция, Германия, Италия, Испания, Япония, Россия, Греция, Египет, Австрия, Польша",
        capitals="Париж, Берлин, Рим, Мадрид, Токио, Москва, Афины, Каир, Вена, Варшава",
        tricky_countries="Австралия, Канада, Бразилия, Турция, Швейцария, Марокко, Новая Зеландия, Китай",
        tricky_cities="Канберра/Сидней/Мельбурн/Перт, Оттава/Торонто/Монреаль/Ванкувер, "
        "Бразилиа/Рио-де-Жанейро/Сан-Паулу/Салвадор, Анкара/Стамбул/Измир/Анталья, Берн/Цюрих/Женева/Базель, "
        "Рабат/Касабланка/Марракеш/Фес, Веллингтон/Окленд/Крайстчерч/Гамильтон, Пекин/Шанхай/Гонконг/Ухань",
        opposites="горячий, холодный, длинный, короткий, полный, пустой, богатый, бедный, сильный, слабый, дорогой, "
        "дешёвый, мокрый, сухой, рано, поздно",
        nouns="яблоко, дом, собака, кошка, хлеб, лошадь, молоко, книга, дерево, птица, окно, луна",
        rare_nouns="локоть, подушка, паук, ёж, игла, большой палец, лопата, сова, ложка, перо",
        small_numbers="ноль, один, два, три, четыре, пять, шесть, семь, восемь, девять, десять, одиннадцать, "
        "двенадцать, "
        "тринадцать, четырнадцать, пятнадцать, шестнадцать, семнадцать, восемнадцать, девятнадцать, двадцать",
        tens="тридцать, сорок, пятьдесят, шестьдесят, семьдесят, восемьдесят, девяносто", compose=_apart(" "),
    ),
    Language(
        code="tr", question="Soru", answer="Cevap",
        ask_capital="Ülke: {x}. Başkenti hangi şehirdir?",
        ask_tomorrow="Bugün günlerden {x}. Yarın günlerden ne?",
        ask_in_days="Bugün günlerden {x}. {n} gün sonra günlerden ne olacak?",
        ask_in_months="Bu ay {x}. {n} ay sonra hangi ay olacak?",
        ask_opposite="“{x}” kelimesinin zıt anlamlısı nedir?",
        ask_word="İngilizce “{x}” kelimesinin Türkçesi nedir?",
        ask_sum="{x} artı {n} kaç eder?",
        ask_number="{n} sayısı yazıyla nasıl yazılır?",
        days="pazartesi, salı, çarşamba, perşembe, cuma, cumartesi, pazar",
        months="ocak, şubat, mart, nisan, mayıs, haziran, temmuz, ağustos, eylül, ekim, kasım, aralık",
        countries="Fransa, Almanya, İtalya, İspanya, Japonya, Rusya, Yunanistan, Mısır, Avusturya, Polonya",
        capitals="Paris, Berlin, Roma, Madrid, Tokyo, Moskova, Atina, Kahire, Viyana, Varşova",
        tricky_countries="Avustralya, Kanada, Brezilya, Türkiye, İsviçre, Fas, Yeni Zelanda, Çin",
        tricky_cities="Canberra/Sidney/Melbourne/Perth, Ottawa/Toronto/Montreal/Vancouver, "
        "Brasília/Rio de Janeiro/São Paulo/Salvador, Ankara/İstanbul/İzmir/Antalya, Bern/Zürih/Cenevre/Basel, "
        "Rabat/Kazablanka/Marakeş/Fes, Wellington/Auckland/Christchurch/Hamilton, Pekin/Şanghay/Hong Kong/Wuhan",
        opposites="sıcak, soğuk, uzun, kısa, dolu, boş, zengin, fakir, güçlü, zayıf, pahalı, ucuz, ıslak, kuru, erken, "
        "geç",
        nouns="elma, ev, köpek, kedi, ekmek, at, süt, kitap, ağaç, kuş, pencere, ay",
        rare_nouns="dirsek, yastık, örümcek, kirpi, iğne, başparmak, kürek, baykuş, kaşık, tüy",
        small_numbers="sıfır, bir, iki, üç, dört, beş, altı, yedi, sekiz, dokuz, on, on bir, on iki, on üç, on dört, "
        "on beş, on altı, on yedi, on sekiz, on dokuz, yirmi",
        tens="otuz, kırk, elli, altmış, yetmiş, seksen, doksan", compose=_apart(" "),
    ),
)  # fmt: skip
