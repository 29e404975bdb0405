from django.urls import path

from sdm.api import contracts, views

urlpatterns = [
    path("employees/", views.Employees.as_view(), name="sdm-employees"),
    path("employees/<str:number>/", views.EmployeeDetail.as_view(), name="sdm-employee"),
    path("leavings/", views.Leavings.as_view(), name="sdm-leavings"),
    path("contracts/", contracts.Contracts.as_view(), name="sdm-contracts"),
    path("renewals/", contracts.Renewals.as_view(), name="sdm-renewals"),
    path("renewals/<int:pk>/", contracts.RenewalDetail.as_view(), name="sdm-renewal"),
    path("renewals/<int:pk>/<slug:transition>/", contracts.RenewalTransition.as_view(), name="sdm-renewal-transition"),
    path("compensations/", contracts.Compensations.as_view(), name="sdm-compensations"),
    path("compensations/<int:pk>/pay/", contracts.CompensationPay.as_view(), name="sdm-compensation-pay"),
    path("wages/", contracts.Wages.as_view(), name="sdm-wages"),
]
