"""Common short forms of given names, English and German.

Put here: formal name -> short forms. A short form may belong to several formal names (alex, sam).
Keep out: how two names are compared (names.py).

A list of our own because the names people are called in a company's own country are a matter of configuration, and
the kept English list (PyPI nicknames) is not among the project's dependencies.
"""

from __future__ import annotations

import pyarrow as pa

NICKNAMES = """
abigail abby gail; abraham abe; adelaide addie; agnes aggie; albert al bert bertie
alexander alex al sandy xander lex; alexandra alex sandy sandra lexi; alfred al fred alf; alice ali; alison ali
allen al; alan al; amanda mandy; amelia amy millie; andrew andy drew; andreas andi andy; angela angie
ann annie nancy; anna annie nan anni; anne annie nan; anthony tony; antonia toni; antoinette toni; arnold arnie
arthur art; augustus gus; barbara barb babs barbie; bartholomew bart; beatrice bea trixie
benjamin ben benny benji; bernard bernie; bertram bert; bradley brad; brian bry; bridget bridie; calvin cal
cameron cam; caroline carrie caro; carolyn carrie; catherine cathy kate katie cat kitty; cecilia cissy
charles charlie chuck chas; charlotte lottie charlie; christian chris; christina chris tina chrissy
christine chris tina chrissy; christopher chris kit topher; clara clare; clifford cliff; constance connie
curtis curt; cynthia cindy; daniel dan danny; danielle dani; david dave davey; deborah deb debbie
debra deb debbie; dennis denny; dominic dom; donald don donny; donna dee; dorothy dot dottie dolly; douglas doug
edgar ed; edmund ed ned; edward ed eddie ted ned; edwin ed; eleanor ellie nell nora
elizabeth liz lizzie beth betty eliza elsie libby lisa; emily em millie; emma em; emmanuel manny; eugene gene
eva evi; evelyn evie; ferdinand ferdi; florence flo florrie; frances fran franny; francis frank; frank frankie
franklin frank; franz franzi; frederick fred freddie; friedrich fritz fred; gabriel gabe; gabriele gabi
gabrielle gabby; geoffrey geoff jeff; george georgie; georgina georgie gina; gerald gerry jerry; gerard gerry
gertrude trudy gertie; gilbert gil; gregory greg; gwendolyn gwen; hannah hanna; harold harry hal; harriet hattie
heinrich heinz heiner; helen nell; henry harry hank hal; herbert herb bert; howard howie; hubert bert
ignatius iggy; irene renie; isaac ike; isabel izzy bella; isabella izzy bella; jacob jake; jacqueline jackie
james jim jimmy jamie; jane janie; janet jan; jason jay; jeffrey jeff; jennifer jen jenny; jeremiah jerry
jeremy jerry; jerome jerry; jessica jess jessie; joanna jo joanie; joanne jo; joan joanie
johannes hans hannes jo; john jack johnny jon; johann hans; jonathan jon jonny nathan; joseph joe joey
josef sepp; josephine jo josie; joshua josh; judith judy; julia julie jules; julian jules; juliana julie
karl karli; katharina kathi kati; katherine kate katie kathy kat kitty; kathleen kathy kate
kathryn kate kathy katie; kenneth ken kenny; kimberly kim; laura laurie; lawrence larry laurie
leonard leo len lenny; leonardo leo; leopold leo; leroy roy; leslie les; lillian lil lily; louis lou; louise lou
lucille lucy; luke lucas; madeline maddie; magdalena lena magda; marcus marc mark; margaret maggie meg peggy
marge greta rita; margarete grete greta; maria mia; marie mia; marjorie marge; martha marty; martin marty
mary molly polly; matthew matt; matthias matze; maurice mo; maximilian max maxi; maxwell max; megan meg
melanie mel; melissa mel lissa; melvin mel; michael mike mick mickey micky; michaela mika; michelle shelly
mildred millie; miranda mandy; mitchell mitch; nadine nad; natalie nat; nathan nate nat
nathaniel nate nat nathan; nicholas nick nicky; nicolas nick; nicole nicky nikki; nikolaus klaus niko
norman norm; oliver ollie; olivia liv livvy; oscar ozzie; oswald ozzie; pamela pam
patricia pat patty trish tricia; patrick pat paddy; paul paulie; penelope penny; peter pete; philip phil pip
phillip phil; phyllis phyl; rachel rae; ralph ralphie; randall randy; randolph randy; raymond ray
rebecca becky becca; regina gina; reginald reg reggie; reinhard reini; renate rena
richard dick rick ricky rich richie; robert bob bobby rob robbie bert; roberta bobbie; roderick rod; rodney rod
roger rodge; roland rollie; ronald ron ronnie; rosalind roz; rose rosie; rosemary rosie; rudolf rudi
rudolph rudy; russell russ; ruth ruthie; sabrina bri; samantha sam sammy; samuel sam sammy; sandra sandy
sarah sally sadie; sebastian seb basti; sharon shari; shirley shirl; simon si; sophia sophie; stanley stan
stefan steff; stefanie steffi; stephanie steph steffi; stephen steve stevie; steven steve stevie; stewart stu
stuart stu; susan sue susie; susanna susi sue; susanne susi; suzanne sue suzie; sylvester sly; tabitha tabby
teresa terry tess; terence terry; thaddeus thad; theodore ted teddy theo; theresa terry tess resi; therese resi
thomas tom tommy; timothy tim timmy; tobias tobi toby; ulrich uli; ulrike uli; ursula uschi; valerie val
vanessa nessa; veronica ronnie vera; victor vic; victoria vicky tori; vincent vince vinny; virginia ginny
vivian viv; walter walt wally; wallace wally; wendy wen; wilhelm willi willy
william will bill billy willie liam; wilma willa; winifred winnie; wolfgang wolf; yvonne eve; zachary zach zack
"""


def nickname_table() -> pa.Table:
    """(name, formal): every name with the formal names it may stand for, itself included where it is listed."""
    pairs = {
        (short, names[0])
        for line in NICKNAMES.strip().splitlines()
        for names in (entry.split() for entry in line.split(";"))
        if names
        for short in names
    }
    names, formals = zip(*sorted(pairs), strict=True)
    return pa.table({"name": list(names), "formal": list(formals)})
