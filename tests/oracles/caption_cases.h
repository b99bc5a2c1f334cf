// Written by tests/oracles/captions.py with pycocoevalcap 1.2: not for editing by hand.
// clang-format off
#pragma once

#include <string>
#include <vector>

namespace tapehead::test {

// Scores of the corpus and of each caption: BLEU-1 to BLEU-4, ROUGE-L, CIDEr, CIDEr-D.
struct CaptionCase {
  std::vector<std::string> hypotheses;
  std::vector<std::vector<std::string>> references;
  std::vector<std::vector<double>> scores;
};
inline const std::vector<CaptionCase> kCaptionCases = {
  {{"a blue square"},
   {{"a green circle next to a green circle", "a green next to a green circle", "a green circle circle circle a circle", "a green circle next to triangle circle", "a green circle next green a red circle"}},
   {{0.08786571264666526, 0.08786571264666526},
    {3.403024417548223e-09, 3.403024417548223e-09},
    {1.450630953754894e-11, 1.450630953754894e-11},
    {1.6842357356476073e-10, 1.6842357356476073e-10},
    {0.18654434250764526, 0.18654434250764526},
    {0.0, 0.0},
    {0.0, 0.0}}},
  {{"green circle next to the green square", "triangle square triangle of a triangle square next to the small", "red", "a small blue square left of a blue circle", "the green triangle"},
   {{"a green circle next to the green square", "a green circle next green circle circle square", "a circle next square the green square", "a green circle next to green green square", "a green circle triangle to the green square"},
    {"a blue square left of a small red square next to the small green square", "a blue square left of a small red square next the circle triangle", "a blue square left of a triangle red square next to the small square"},
    {"the red square", "red red"},
    {"a small blue triangle above a red square next to the blue circle", "a small blue triangle above a red square circle to the blue circle", "a small blue triangle above a red square green green the circle", "a small blue triangle above a red square next to the blue"},
    {"the green triangle"}},
   {{0.7177035159520154, 0.9999999997142859, 0.6821614783011186, 0.3678794404356846, 0.5573021303224358, 0.9999999993333338},
    {0.6218445398669081, 0.9999999997023811, 0.5841681896629376, 0.0003678794406196241, 0.3869711354212425, 0.9999999992500005},
    {0.542115992843332, 0.9999999996873018, 0.5019304604807655, 3.678794406809375e-05, 0.2484075312468063, 0.9999999990555564},
    {0.45737729513741426, 0.9999999996672622, 0.40292759178972154, 1.163336936997511e-05, 3.678277999577437e-05, 0.03162277657664911},
    {0.7568000813796171, 0.9222462203023757, 0.7047496790757382, 0.6288659793814433, 0.5281385281385281, 1.0},
    {4.096347154545607, 5.242403611625179, 3.0915630521113076, 2.395478646575799, 2.2522904624157487, 7.5},
    {3.8923266949877493, 5.155432147169876, 2.659765529106038, 2.3163352680887788, 1.8301005305740559, 7.5}}},
  {{"the small blue", "red red above red blue circle", "a green triangle circle blue triangle next red red triangle", "blue circle the small red square circle triangle blue red square", "a circle circle above the green triangle above a", "the blue square left of a green circle", "a red circle", "small blue triangle left of red circle next to a triangle square", "a blue a small square green small circle circle", "a blue triangle", "a red green", "a green square above triangle small blue blue red a circle"},
   {{"the small blue triangle", "red small blue green", "the small green triangle", "the small red triangle"},
    {"the red circle above a blue circle", "the red red above red blue circle"},
    {"a green triangle next to a small blue triangle next to the red triangle", "a green triangle next circle blue blue triangle next to the red triangle", "a green triangle circle to a blue triangle to the blue triangle", "a green triangle next circle green triangle triangle triangle next to the red triangle"},
    {"the blue circle above the small red square left of the small red square", "the green circle above the small left of the small red square", "blue blue circle above the small red square left of the small red square", "the blue circle above the red square left of the small square", "the blue circle the small red square circle the small red square"},
    {"a small blue circle above the green triangle above a green square", "a small blue circle above red triangle above a green square", "circle triangle blue circle the green triangle above a green", "a small blue circle above the blue above a green square", "a small circle circle above the green triangle above a green"},
    {"a small blue square", "a triangle square", "a small circle square"},
    {"a red circle"},
    {"the small blue triangle left of the red circle next to a blue square"},
    {"a green circle above a small blue square above a small red circle", "a above a small blue square green square small red circle", "a green above a small blue square above a small square circle", "a green circle above circle small square above a square red circle"},
    {"a blue triangle", "a circle", "a blue triangle", "red blue triangle", "a blue triangle"},
    {"a red square"},
    {"a green square above a small blue square above a red circle"}},
   {{0.8185887628005063, 0.7165313100961022, 0.8464817246084536, 0.7368576776228124, 0.8300915601056766, 0.894839316615517, 0.4999999999375001, 0.9999999993333338, 0.7759415810204062, 0.8007374027388668, 0.9999999993333338, 0.6666666662222226, 0.747082404095109},
    {0.6981537211792244, 0.7165313100363911, 0.8464817245943457, 0.6849992934536828, 0.7284023878168969, 0.8370455347417358, 0.26726124187663064, 0.9999999992500005, 0.6911494340731811, 0.49034951366451907, 0.9999999992500005, 0.5773502687566137, 0.522364423815745},
    {0.5953409384217286, 0.7165313098970658, 0.846481724575535, 0.5242247719519373, 0.6456487283120605, 0.8130154747365801, 2.2833557016507497e-06, 0.9999999990555564, 0.6236930673951051, 0.301856957901095, 0.9999999990555564, 6.933612736957944e-06, 0.38113993068729896},
    {0.5096300912730963, 0.022658709544448513, 0.8464817245484947, 0.3602872724496427, 0.5920650114979503, 0.7956371659952094, 6.985342055472008e-09, 0.03162277657664911, 0.5496509141172471, 4.3770913390522386e-05, 0.03162277657664911, 4.272870060579654e-06, 0.281948969805666},
    {0.7837502229845431, 0.8356164383561644, 0.9104477611940297, 0.7646239554317549, 0.7765205091937766, 0.8840579710144927, 0.3546511627906977, 1.0, 0.8345771144278606, 0.6876006441223833, 1.0, 0.6666666666666666, 0.6902404526166903},
    {3.9616149259139686, 3.1282299960704902, 5.588516030088143, 3.368441312705535, 3.755722712701305, 5.2898854185182245, 0.5425544257285276, 7.5, 6.308101096867878, 2.0768680786384937, 5.253004310368243, 0.9908392706824443, 3.737216458598349},
    {3.772022043734936, 3.085082684936511, 5.495125854693864, 2.8762704697872943, 3.419048586818433, 4.868017534561207, 0.4242898109083789, 7.5, 5.894433947235904, 1.7963656526386291, 5.251802101009071, 0.9908392706824438, 3.6629886115475037}}},
  {{"", "a", "a red cat on a red mat near a red cat", "x y z"},
   {{"a red square"},
    {"a"},
    {"a red cat on a mat", "the cat", "a red cat near a red mat"},
    {"u v w"}},
   {{0.5999999999600001, 0.0, 0.999999998000002, 0.7272727272066117, 3.333333331111112e-16},
    {0.5916079782655911, 0.0, 0.0009999999985000015, 0.7135060679445684, 4.082482901576769e-16},
    {0.5593444709940865, 0.0, 9.999999986666685e-05, 0.6564086249420032, 5.503212076293578e-16},
    {0.4573456095714712, 0.0, 3.162277656215536e-05, 0.5156626917689326, 1.1362193655679926e-13},
    {0.4363543788187373, 0.0, 1.0, 0.745417515274949, 0.0},
    {1.7097151339423584, 0.0, 2.5, 4.338860535769434, 0.0},
    {1.1902260606564412, 0.0, 2.5, 2.2609042426257653, 0.0}}},
};

}  // namespace tapehead::test
