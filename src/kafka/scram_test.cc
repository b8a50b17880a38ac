// SPDX-License-Identifier: Apache-2.0
// Copyright The Semel Authors
#include "kafka/scram.h"

#include <gtest/gtest.h>

#include "kafka/error_codes.h"

namespace semel::kafka {
namespace {

constexpr char kServerFirst[] =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

ScramClient Client() { return ScramClient(env::HashKind::kSha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO"); }

TEST(Scram, TheExchangeOfRfc7677) {
  ScramClient client = Client();
  EXPECT_EQ(client.First(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  EXPECT_EQ(
      *client.Final(kServerFirst),
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(client.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
}

TEST(Scram, AServerThatCannotProveItselfIsRefused) {
  for (const char* first :
       {"", "e=no", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096",
        "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=100"})
    EXPECT_EQ(Client().Final(first).status().code(), kAuthentication) << first;
  ScramClient client = Client();
  EXPECT_EQ(client.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").code(), kAuthentication);  // not asked yet
  ASSERT_TRUE(client.Final(kServerFirst).ok());
  for (const char* last : {"", "v=", "v=AAAA", "e=invalid-proof"})
    EXPECT_EQ(client.Verify(last).code(), kAuthentication) << last;
}

TEST(Scram, NamesAreEscaped) {
  EXPECT_EQ(ScramClient(env::HashKind::kSha512, "a,b=c", "", "x").First(), "n,,n=a=2Cb=3Dc,r=x");
}

}  // namespace
}  // namespace semel::kafka
